//! A chart of uses: bars as inline SVG, drawn on the server, with the same figures in words and in a table.

use crate::model::{
    chart::Bar,
    instant::{Millis, spell_date, spell_month},
    meter::Meter,
};
use leptos::prelude::*;

/// How wide the place of a bar is, and how high the chart, in units of the drawing: it is stretched to the room that it has.
const STEP: usize = 10;
const HEIGHT: i64 = 100;

/// The bars, what they say in a sentence, and the table.
#[component]
pub fn Chart(
    /// Tells its parts from those of other charts on the page.
    #[prop(into)]
    id: String,
    /// What is counted.
    meter: Meter,
    /// What was used, day by day or month by month.
    bars: Vec<Bar>,
    /// What begins after it is still to come.
    now: Millis,
) -> impl IntoView {
    let (title, words) = (heading(&meter, &bars), sentence(&meter, &bars));
    let (first, last) = (bars.first().map(label), bars.last().map(label));
    let past: Vec<Bar> = bars.iter().copied().filter(|bar| bar.from <= now).collect();
    view! {
        <figure class="chart">
            {drawing(&id, &title, &words, &bars, past.len())}
            <p class="axis" aria-hidden="true"><span>{first}</span><span>{last}</span></p>
            <figcaption>{words}</figcaption>
        </figure>
        {table(title, &meter, &past)}
    }
}

fn drawing(id: &str, title: &str, words: &str, bars: &[Bar], past: usize) -> impl IntoView + use<> {
    let most = bars.iter().map(|bar| bar.amount).max().unwrap_or(0).max(1);
    let (width, come) = (bars.len() * STEP, past * STEP);
    let each = bars.iter().enumerate().filter(|(_, bar)| bar.amount > 0).map(|(place, bar)| {
        let height = (i128::from(bar.amount) * i128::from(HEIGHT) / i128::from(most)).max(2);
        let (x, y) = (place * STEP + 1, i128::from(HEIGHT) - height);
        let tip = format!("{}: {}", label(bar), bar.amount);
        view! {
            <rect class="bar" x=x.to_string() y=y.to_string() width=(STEP - 2).to_string() height=height.to_string()>
                <title>{tip}</title>
            </rect>
        }
    });
    let (title_id, words_id) = (format!("{id}-title"), format!("{id}-words"));
    view! {
        <svg
            viewBox=format!("0 0 {width} {HEIGHT}")
            preserveAspectRatio="none"
            role="img"
            aria-labelledby=title_id
            aria-describedby=words_id
        >
            <title id=title_id.clone()>{title.to_owned()}</title>
            <desc id=words_id.clone()>{words.to_owned()}</desc>
            <rect class="ahead" x=come.to_string() y="0" width=(width - come).to_string() height=HEIGHT.to_string() />
            {each.collect_view()}
            <line class="ground" x1="0" y1=HEIGHT.to_string() x2=width.to_string() y2=HEIGHT.to_string() />
        </svg>
    }
}

fn table(title: String, meter: &Meter, past: &[Bar]) -> impl IntoView + use<> {
    let when = if past.first().is_none_or(Bar::is_day) { "Day (UTC)" } else { "Month (UTC)" };
    let row = |bar: &Bar| view! { <tr><th scope="row">{label(bar)}</th><td class="number">{bar.amount.to_string()}</td></tr> };
    view! {
        <details class="figures">
            <summary>"The same as a table"</summary>
            <div class="table-frame">
                <table class="dense">
                    <caption class="visually-hidden">{title}</caption>
                    <thead><tr><th scope="col">{when}</th><th scope="col" class="number">{meter.name.clone()}</th></tr></thead>
                    <tbody>{past.iter().map(row).collect_view()}</tbody>
                </table>
            </div>
        </details>
    }
}

fn heading(meter: &Meter, bars: &[Bar]) -> String {
    let each = if bars.first().is_none_or(Bar::is_day) { "each day" } else { "each month" };
    format!("{} used {each}", meter.name)
}

/// In all, and the highest.
fn sentence(meter: &Meter, bars: &[Bar]) -> String {
    let sum: i64 = bars.iter().map(|bar| bar.amount).sum();
    let highest = bars.iter().max_by_key(|bar| bar.amount);
    highest.map_or_else(String::new, |most| {
        let on = if most.is_day() { "on" } else { "in" };
        format!("{} in all; the most, {}, {on} {}.", meter.counted(sum), most.amount, label(most))
    })
}

fn label(bar: &Bar) -> String {
    if bar.is_day() { spell_date(bar.from) } else { spell_month(bar.from) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instant::DAY;

    #[test]
    fn it_says_in_words_what_it_draws() {
        let word = str::to_owned;
        let meter = Meter { name: word("QR codes"), one: word("QR code"), many: word("QR codes") };
        let bar = |day: i64, amount| Bar { from: day * DAY, until: (day + 1) * DAY, amount };
        let bars = vec![bar(0, 1), bar(1, 4), bar(2, 0)];
        assert_eq!(sentence(&meter, &bars), "5 QR codes in all; the most, 4, on 2 January 1970.");
        let html = Owner::new().with(|| view! { <Chart id="codes" meter bars now=DAY /> }.to_html());
        for part in ["viewBox=\"0 0 30 100\"", "y=\"75\"", "height=\"100\"", "QR codes used each day"] {
            assert!(html.contains(part), "{part} in {html}");
        }
        assert!(html.contains("aria-labelledby=\"codes-title\"") && html.contains("id=\"codes-title\""), "{html}");
        assert_eq!(html.matches("<tr>").count(), 3, "what is to come has no row: {html}");
        assert!(!html.contains("style="), "{html}");
    }
}
