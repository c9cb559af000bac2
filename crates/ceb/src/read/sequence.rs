//! Children in a fixed order, each so and so often: what `xs:sequence` asks.

use crate::read::scan::{Ns, Tag};

/// One kind of child.
pub(crate) struct Particle {
    pub(crate) ns: Ns,
    pub(crate) name: &'static str,
    pub(crate) min: u32,
    pub(crate) max: u32,
    /// How many stood there so far.
    pub(crate) seen: u32,
}

impl Particle {
    pub(crate) fn new(ns: Ns, name: &'static str, min: u32, max: u32) -> Particle {
        Particle { ns, name, min, max, seen: 0 }
    }
}

/// How a child fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// It may stand here.
    Good(usize),
    /// One too many.
    Excess(usize),
    /// It should have come before what stands already.
    Misplaced(usize),
    /// No such child.
    Unknown,
}

pub(crate) struct Sequence<'p> {
    particles: &'p mut [Particle],
    current: usize,
    lenient: bool,
}

impl<'p> Sequence<'p> {
    /// A sequence at its start. When lenient, order and namespace do not matter.
    pub(crate) fn new(particles: &'p mut [Particle], lenient: bool) -> Sequence<'p> {
        Sequence { particles, current: 0, lenient }
    }

    /// Takes the next child. A required child passed over shows either when it comes late
    /// ([`Fit::Misplaced`]) or at the end ([`Sequence::missing`]).
    pub(crate) fn admit(&mut self, tag: &Tag<'_>) -> Fit {
        let lenient = self.lenient;
        let at = self
            .particles
            .iter()
            .position(|p| p.name == tag.local && (p.ns == tag.ns || lenient && p.ns != Ns::Ds));
        let Some(at) = at else { return Fit::Unknown };
        let particle = &mut self.particles[at];
        particle.seen = particle.seen.saturating_add(1);
        if particle.seen > particle.max {
            Fit::Excess(at)
        } else if at < self.current {
            Fit::Misplaced(at)
        } else {
            self.current = at;
            Fit::Good(at)
        }
    }

    /// Name of the child that may come now, for a finding.
    pub(crate) fn expected(&self) -> &'static str {
        let open = self.particles[self.current..].iter().find(|p| p.seen < p.max);
        open.map_or("nothing more", |p| p.name)
    }

    /// Children that must stand there and do not.
    pub(crate) fn missing(&self) -> impl Iterator<Item = &'static str> {
        self.particles.iter().filter(|p| p.seen < p.min).map(|p| p.name)
    }

    /// A particle.
    pub(crate) fn particle(&self, at: usize) -> &Particle {
        &self.particles[at]
    }
}
