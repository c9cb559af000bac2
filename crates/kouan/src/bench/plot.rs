//! The plot of the report: for each target two bars, ours and the one asked for. Plain SVG.

use std::fmt::Write;

use super::goal::Goal;

const WIDTH: u64 = 900;
const LEFT: u64 = 330;
const BAR_WIDTH: u64 = 360;
const ROW: u64 = 46;
const TOP: u64 = 58;
const BAR: u64 = 14;
const MET: &str = "#2a7f5f";
const MISSED: &str = "#b5552b";
const TARGET: &str = "#9aa3ad";

/// Draws the goals.
pub(super) fn svg(goals: &[Goal]) -> String {
    let height = TOP + ROW * goals.len() as u64 + 20;
    let mut out = String::new();
    let mut put = |line: String| {
        // Writing to a text cannot fail.
        let _ = writeln!(out, "{line}");
    };
    put(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" \
         width=\"{WIDTH}\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">"
    ));
    put(format!("<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>"));
    put("<text x=\"16\" y=\"26\" font-size=\"16\" fill=\"#1d2733\">Kouan 口岸 · \
         measured 实测 beside target 目标</text>"
        .to_owned());
    let legend =
        [(MET, "met 达到", 16), (MISSED, "missed 未达到", 116), (TARGET, "target 目标", 236)];
    for (colour, text, x) in legend {
        put(format!("<rect x=\"{x}\" y=\"36\" width=\"10\" height=\"10\" fill=\"{colour}\"/>"));
        put(format!("<text x=\"{}\" y=\"46\" fill=\"#4a5560\">{text}</text>", x + 16));
    }
    for (goal, y) in goals.iter().zip((TOP..).step_by(46)) {
        let (ours, target) = (goal.ours.thousandths(), goal.target.thousandths());
        let most = ours.max(target).max(1);
        let wide = |value: u64| (value.saturating_mul(BAR_WIDTH) / most).max(1);
        let colour = if goal.is_met() { MET } else { MISSED };
        put(format!("<text x=\"16\" y=\"{}\" fill=\"#1d2733\">{}</text>", y + 14, goal.zh));
        put(format!(
            "<text x=\"16\" y=\"{}\" font-size=\"11\" fill=\"#4a5560\">{}</text>",
            y + 29,
            goal.en
        ));
        let sign = if goal.more { "≥" } else { "≤" };
        let bars = [
            (0, ours, colour, format!("{} {}", goal.ours, goal.unit)),
            (BAR + 2, target, TARGET, format!("{sign} {} {}", goal.target, goal.unit)),
        ];
        for (down, value, colour, text) in bars {
            let (top, width) = (y + 4 + down, wide(value));
            put(format!(
                "<rect x=\"{LEFT}\" y=\"{top}\" width=\"{width}\" height=\"{BAR}\" \
                 fill=\"{colour}\"/>"
            ));
            put(format!(
                "<text x=\"{}\" y=\"{}\" font-size=\"11\" fill=\"#1d2733\">{text}</text>",
                LEFT + width + 6,
                top + 11
            ));
        }
    }
    put("</svg>".to_owned());
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exact::millis;

    #[test]
    fn the_longer_bar_fills_the_width_and_the_other_is_in_proportion() {
        let goal = Goal {
            zh: "批量",
            en: "batch",
            unit: "parcels/s",
            ours: millis(2_500_000),
            target: millis(5_000_000),
            more: true,
        };
        assert!(!goal.is_met());
        let drawn = svg(&[goal]);
        let (ours, target) = (BAR_WIDTH / 2, BAR_WIDTH);
        assert!(drawn.contains(&format!("width=\"{ours}\" height=\"{BAR}\" fill=\"{MISSED}\"")));
        assert!(drawn.contains(&format!("width=\"{target}\" height=\"{BAR}\" fill=\"{TARGET}\"")));
        assert!(drawn.trim_end().ends_with("</svg>"));
    }
}
