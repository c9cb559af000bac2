//! The report: figures of every run are kept as JSON, table and plot are made from all of them.

use std::collections::BTreeSet;
use std::path::Path;

use super::figures::Figures;
use super::goal::goals;
use super::plot;
use crate::Failure;

/// Keeps the figures of a run and makes `README.md` and `intake.svg` anew.
///
/// # Errors
/// When the folder cannot be written, or holds figures this program does not understand.
pub(super) fn publish(out: &Path, figures: &Figures) -> Result<(), Failure> {
    std::fs::create_dir_all(out)?;
    let name = format!("{}-{}-{}.json", figures.engine, figures.profile, figures.signature);
    let text = serde_json::to_string_pretty(figures)?;
    std::fs::write(out.join(name), text + "\n")?;
    let mut runs = Vec::new();
    for entry in std::fs::read_dir(out)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let text = std::fs::read_to_string(&path)?;
            let read: Figures = serde_json::from_str(&text)
                .map_err(|e| Failure::new(format!("{}: {e}", path.display())))?;
            runs.push(read);
        }
    }
    // The embedded database first, the large messages before the small.
    runs.sort_by_key(|run| {
        let place = ["batch", "single", "mix"].iter().position(|profile| *profile == run.profile);
        (run.engine != "sqlite", place, run.signature.clone())
    });
    std::fs::write(out.join("intake.svg"), plot::svg(&goals(&runs)))?;
    std::fs::write(out.join("README.md"), readme(&runs))?;
    Ok(())
}

fn readme(runs: &[Figures]) -> String {
    let machines: BTreeSet<String> =
        runs.iter().map(|run| format!("- {} · {}\n", run.machine, run.on)).collect();
    let machines: String = machines.into_iter().collect();
    let left_out: BTreeSet<&String> = runs.iter().flat_map(|run| &run.left_out).collect();
    let left_out: String = left_out.iter().map(|why| format!("\nLeft out: {why}\n")).collect();
    [
        HEAD,
        &machines,
        &targets(runs),
        RUNS,
        &figures_of(runs),
        STAGES,
        &stages(runs),
        YARDSTICKS,
        &yardsticks(runs),
        &left_out,
        READING,
    ]
    .concat()
}

fn targets(runs: &[Figures]) -> String {
    let mut text = String::from(
        "\n## Targets · 目标\n\n![Targets and figures 目标与实测](intake.svg)\n\n\
         | Figure 指标 | Measured 实测 | Target 目标 | |\n|---|---:|---:|---|\n",
    );
    for goal in goals(runs) {
        let (sign, met) = (if goal.more { "≥" } else { "≤" }, goal.is_met());
        let verdict = if met { "met 达到" } else { "missed 未达到" };
        row(
            &mut text,
            [
                format!("{} · {}", goal.zh, goal.en),
                format!("{} {}", goal.ours, goal.unit),
                format!("{sign} {}", goal.target),
                verdict.to_owned(),
            ],
        );
    }
    text
}

fn figures_of(runs: &[Figures]) -> String {
    let mut text = String::new();
    for run in runs {
        let rate = run.rate.map(|rate| format!(", {rate}/s")).unwrap_or_default();
        row(
            &mut text,
            [
                format!("{}{rate}", title(run)),
                format!("{} + {}", run.seconds, run.drain_seconds),
                run.parcels.to_string(),
                run.parcels_per_s.to_string(),
                run.acknowledged_parcels_per_s.to_string(),
                run.ack_p50_ms.to_string(),
                run.ack_p99_ms.to_string(),
                run.ack_max_ms.to_string(),
                run.bytes_written_per_parcel.to_string(),
                run.database_bytes_per_parcel.to_string(),
                run.fsyncs_per_parcel.to_string(),
                run.peak_memory_mb.to_string(),
                run.lost.to_string(),
                run.duplicated.to_string(),
            ],
        );
    }
    text
}

/// One column a run, one row a stage.
fn stages(runs: &[Figures]) -> String {
    let mut text = String::new();
    row(&mut text, [String::new()].into_iter().chain(runs.iter().map(title)));
    row(&mut text, ["---"].into_iter().chain(runs.iter().map(|_| "---:")));
    let stages: BTreeSet<&String> =
        runs.iter().flat_map(|run| run.cpu_us_by_stage.keys()).collect();
    for stage in stages {
        let cell =
            |run: &Figures| run.cpu_us_by_stage.get(stage).map(u64::to_string).unwrap_or_default();
        row(&mut text, [format!("`{stage}`")].into_iter().chain(runs.iter().map(cell)));
    }
    let all = runs.iter().map(|run| run.cpu_us_per_parcel.to_string());
    row(&mut text, ["**all 合计**".to_owned()].into_iter().chain(all));
    text
}

fn yardsticks(runs: &[Figures]) -> String {
    let mut text = String::new();
    for run in runs {
        for one in &run.yardsticks {
            row(
                &mut text,
                [
                    title(run),
                    format!("`{}`", one.name),
                    one.unit.clone(),
                    one.ours.to_string(),
                    one.theirs.to_string(),
                    format!("**{}**", one.ratio),
                ],
            );
        }
    }
    text
}

fn title(run: &Figures) -> String {
    format!("{} {} {}", run.engine, run.profile, run.signature)
}

fn row(text: &mut String, cells: impl IntoIterator<Item = impl AsRef<str>>) {
    text.push('|');
    for cell in cells {
        text.push(' ');
        text.push_str(cell.as_ref());
        text.push_str(" |");
    }
    text.push('\n');
}

const HEAD: &str = include_str!("page/head.md");
const RUNS: &str = include_str!("page/runs.md");
const STAGES: &str = include_str!("page/stages.md");
const YARDSTICKS: &str = include_str!("page/yardsticks.md");
const READING: &str = include_str!("page/reading.md");
