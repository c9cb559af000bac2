//! What processes cost, read from `/proc`: CPU time by thread, memory, bytes handed to the disk.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::Failure;

/// CPU time of one process by the names of its threads. Sample it now and then: a thread that has
/// ended is remembered as it was last seen.
pub(super) struct CpuMeter {
    tasks: PathBuf,
    seen: HashMap<String, Thread>,
}

struct Thread {
    stage: String,
    nanos: u64,
}

/// Nanoseconds of CPU by stage.
pub(super) type ByStage = BTreeMap<String, u64>;

impl CpuMeter {
    /// A meter of the process with this number, or of this one: `self`.
    pub(super) fn of(process: &str) -> CpuMeter {
        let tasks = Path::new("/proc").join(process).join("task");
        CpuMeter { tasks, seen: HashMap::new() }
    }

    /// Looks at every thread there is. A thread or process that has ended keeps its last figure.
    pub(super) fn sample(&mut self) {
        let Ok(tasks) = fs::read_dir(&self.tasks) else { return };
        for task in tasks.flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name));
            let (Ok(name), Ok(times)) = (read("comm"), read("schedstat")) else { continue };
            let Some(nanos) = times.split(' ').next().and_then(|first| first.parse().ok()) else {
                continue;
            };
            let thread = Thread { stage: stage_of(name.trim()), nanos };
            self.seen.insert(task.file_name().to_string_lossy().into_owned(), thread);
        }
    }

    /// What was seen so far.
    pub(super) fn by_stage(&self) -> ByStage {
        let mut stages = ByStage::new();
        for thread in self.seen.values() {
            *stages.entry(thread.stage.clone()).or_default() += thread.nanos;
        }
        stages
    }
}

/// Threads that do the same have the same name with a number behind it.
fn stage_of(thread: &str) -> String {
    let name = thread.trim_end_matches(|c: char| c.is_ascii_digit()).trim_end_matches('-');
    if name.is_empty() { thread.to_owned() } else { name.to_owned() }
}

/// What grew between two looks.
pub(super) fn difference(after: &ByStage, before: &ByStage) -> ByStage {
    let grown = |(stage, nanos): (&String, &u64)| {
        let earlier = before.get(stage).copied().unwrap_or_default();
        (stage.clone(), nanos.saturating_sub(earlier))
    };
    after.iter().map(grown).collect()
}

/// Most memory the process has held, in KiB.
pub(super) fn peak_memory_kib(process: &str) -> u64 {
    labelled(&format!("/proc/{process}/status"), "VmHWM:")
}

/// Bytes the process has caused to be written to the disk, in whole pages.
pub(super) fn disk_bytes(process: &str) -> u64 {
    labelled(&format!("/proc/{process}/io"), "write_bytes:")
}

/// The number behind a label; 0 when there is none.
fn labelled(file: &str, label: &str) -> u64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(label));
    line.and_then(|rest| rest.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

/// CPU time and bytes of a database server on this machine: its parent process and all children.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct FamilyCost {
    pub(super) nanos: u64,
    pub(super) disk_bytes: u64,
}

/// Sums a process and its direct children, ended children included.
///
/// # Errors
/// When `/proc` cannot be read.
pub(super) fn family_cost(parent: u32) -> Result<FamilyCost, Failure> {
    let mut cost = FamilyCost::default();
    for entry in fs::read_dir("/proc")?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some(fields) = fields_of(&stat) else { continue };
        let own = name == parent.to_string();
        if !own && fields.parent != parent {
            continue;
        }
        let ticks = if own { fields.ticks + fields.ticks_of_ended } else { fields.ticks };
        cost.nanos += ticks * NANOS_PER_TICK;
        cost.disk_bytes += disk_bytes(&name);
    }
    Ok(cost)
}

/// The kernel counts in hundredths of a second, on every Linux that we know.
const NANOS_PER_TICK: u64 = 10_000_000;

struct StatFields {
    parent: u32,
    ticks: u64,
    ticks_of_ended: u64,
}

/// Fields behind the name, which may itself hold spaces and brackets.
fn fields_of(stat: &str) -> Option<StatFields> {
    let rest: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |place: usize| rest.get(place)?.parse::<u64>().ok();
    Some(StatFields {
        parent: u32::try_from(number(1)?).ok()?,
        ticks: number(11)? + number(12)?,
        ticks_of_ended: number(13)? + number(14)?,
    })
}

/// The parent of a process; `None` when it cannot be seen from here.
pub(super) fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    fields_of(&stat).map(|fields| fields.parent)
}

/// What the machine is, for the report.
pub(super) fn machine() -> String {
    let cpu = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let model = model.map_or("unknown processor", |(_, model)| model.trim());
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let memory = labelled("/proc/meminfo", "MemTotal:") / (1 << 20);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let kernel = kernel.trim().split('-').next().unwrap_or_default().to_owned();
    format!("{cores} × {model}, {memory} GiB, Linux {kernel}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_are_told_apart_by_their_work() {
        assert_eq!(stage_of("intake-check-11"), "intake-check");
        assert_eq!(stage_of("forward"), "forward");
        assert_eq!(stage_of("7"), "7");
    }

    #[test]
    fn a_name_with_brackets_does_not_shift_the_fields() {
        let stat = "12 (a) b (c)) S 7 1 1 0 -1 0 0 0 0 0 30 12 5 6 20 0";
        let fields = fields_of(stat).unwrap();
        assert_eq!((fields.parent, fields.ticks, fields.ticks_of_ended), (7, 42, 11));
    }

    #[test]
    fn this_process_has_cost_something() {
        let mut meter = CpuMeter::of("self");
        meter.sample();
        assert!(meter.by_stage().values().sum::<u64>() > 0);
        assert!(peak_memory_kib("self") > 0);
    }
}
