//! The parts of the usage page: what there is of a meter, what was before, and the newest uses.

use super::{beyond::More, chart::Chart};
use crate::{
    model::{
        alert,
        forecast::Forecast,
        instant::{spell_date, spell_month, spell_time},
        meter::Meter,
        usage::{Balance, Bill, Per},
    },
    server::services::usage::{Past, Shown, UseRow},
};
use leptos::prelude::*;

/// What there is of a meter now: in words, as a bar, and how it goes on.
#[component]
pub fn Now(
    /// The meter and what there is.
    shown: Shown,
) -> impl IntoView {
    let Shown { key, meter, balance, forecast, sold, limit, bars, now, .. } = shown;
    let stretch = if balance.per == Per::Period { "period" } else { "month" };
    let is_used = bars.iter().any(|bar| bar.amount > 0);
    let nothing = (!is_used).then(|| view! { <p>{format!("Nothing used yet in this {stretch}.")}</p> });
    let chart = is_used.then(|| view! { <Chart id=key.clone() meter=meter.clone() bars now /> });
    let goes_on = forecast.map(|forecast| view! { <p>{foretold(&balance, forecast)}</p> });
    let more = sold.map(|(balance, forecast)| view! { <More key meter=meter.clone() balance forecast limit /> });
    view! {
        {bill(&balance)}
        <p class="left"><strong>{left(&meter, &balance)}</strong></p>
        {bar(&meter, &balance)}
        {goes_on}
        {nothing}
        {chart}
        {more}
    }
}

/// What is left, and until when.
fn left(meter: &Meter, balance: &Balance) -> String {
    let Some(until) = balance.until else { return format!("Your plan has no {}.", meter.many) };
    if balance.included() == 0 && balance.left() > 0 {
        let (included, left, until) = (meter.counted(balance.most), balance.left(), spell_time(until));
        return format!(
            "The {included} that are included are used. {left} more are within your spending limit until {until}."
        );
    }
    let left = match balance.included() {
        0 => format!("No {} are left", meter.many),
        1 => format!("1 {} is left", meter.one),
        left => format!("{left} {} are left", meter.many),
    };
    match balance.per {
        Per::Day => format!("{left} for today. It begins anew at midnight (UTC)."),
        Per::Month | Per::Period => format!("{left} until {}.", spell_time(until)),
    }
}

fn bar(meter: &Meter, balance: &Balance) -> impl IntoView + use<> {
    let (used, most) = (balance.used, balance.most);
    let label = format!("{} used", meter.name);
    let words = match most {
        0 => String::new(),
        most => format!("{used} of {most} used ({} percent).", i128::from(used) * 100 / i128::from(most)),
    };
    balance.until.map(|_| {
        view! {
            <progress class="used" max=most.to_string() value=used.min(most).to_string() aria-label=label></progress>
            <p class="fine">{words}</p>
        }
    })
}

fn foretold(balance: &Balance, forecast: Forecast) -> String {
    let until = balance.until.map_or_else(String::new, spell_date);
    let ends = match forecast.runs_out_at {
        Some(at) => format!(" They would be used up about {}.", spell_date(at)),
        None => String::new(),
    };
    let more = match balance.beyond.as_ref().map_or(0, |beyond| beyond.most) {
        0 => String::new(),
        more => format!(" and {more} more within your spending limit"),
    };
    format!("At this pace about {} by {until}; you have {}{more}.{ends}", forecast.about, balance.most)
}

fn bill(balance: &Balance) -> impl IntoView + use<> {
    match balance.bill {
        Bill::Paid => ().into_any(),
        Bill::Awaited => view! {
            <p class="notice" role="status">
                "The payment of this period is on its way. What it gives is here as soon as it is paid; you need not do anything."
            </p>
        }
        .into_any(),
        Bill::Unpaid => view! {
            <div class="notice warning" role="status">
                <p>"The payment of this period did not go through, so what it gives cannot be used. Another card settles it at once."</p>
                <p><a href="/billing">"Manage billing"</a></p>
            </div>
        }
        .into_any(),
    }
}

/// The way to a plan, for whoever has nothing of a meter.
#[component]
pub fn Offer(
    /// What there is.
    balance: Balance,
) -> impl IntoView {
    let is_none = balance.bill == Bill::Paid && balance.left() == 0;
    is_none.then(|| view! { <p><a href="/pricing">"See plans and prices"</a></p> })
}

/// What was before: a link for each period.
#[component]
pub fn Earlier(
    /// The meter's key.
    key: String,
    /// Its words.
    meter: Meter,
    /// The periods.
    earlier: Vec<Past>,
) -> impl IntoView {
    let each = |past: Past| {
        let to = format!("/usage?meter={key}&period={}", past.starts_at);
        view! { <li><a href=to>{span(&past)}</a>": "{summary(&meter, &past)}</li> }
    };
    (!earlier.is_empty()).then(|| {
        view! {
            <h3>"Earlier"</h3>
            <ul class="reasons">{earlier.into_iter().map(each).collect_view()}</ul>
        }
    })
}

/// `3 October 2026 to 3 November 2026`, or `October 2026` for a month.
#[must_use]
pub fn span(past: &Past) -> String {
    match past.most {
        Some(_) => format!("{} to {}", spell_date(past.starts_at), spell_date(past.ends_at)),
        None => spell_month(past.starts_at),
    }
}

/// What was used of it.
#[must_use]
pub fn summary(meter: &Meter, past: &Past) -> String {
    match past.most {
        Some(most) => {
            let beyond = past.cost.as_ref().map_or_else(String::new, |cost| format!(", {cost} for what was beyond"));
            format!("{} of {} used{beyond}", past.used, meter.counted(most))
        }
        None => format!("{} used, counted here alone", meter.counted(past.used)),
    }
}

/// The newest uses, and where each is.
#[component]
pub fn Newest(
    /// Its words.
    meter: Meter,
    /// The uses.
    newest: Vec<UseRow>,
) -> impl IntoView {
    let each = |row: UseRow| {
        view! {
            <tr>
                <td class="when">{spell_time(row.counted_at)}</td>
                <td class="number">{row.amount.to_string()}</td>
                <td>{whereabouts(&row.state)}</td>
            </tr>
        }
    };
    (!newest.is_empty()).then(|| {
        view! {
            <h3>"The newest uses"</h3>
            <div class="table-frame" role="region" aria-label="The newest uses" tabindex="0">
                <table class="dense">
                    <thead>
                        <tr>
                            <th scope="col">"When"</th>
                            <th scope="col" class="number">{meter.name}</th>
                            <th scope="col">"State"</th>
                        </tr>
                    </thead>
                    <tbody>{newest.into_iter().map(each).collect_view()}</tbody>
                </table>
            </div>
        }
    })
}

fn whereabouts(state: &str) -> &'static str {
    match state {
        "recorded" => "Waits to be sent",
        "sent" => "At Polar",
        "counted" => "Counted by Polar",
        "aside" => "Refused, we look into it",
        _ => "Counted here",
    }
}

/// When mail tells of it.
#[component]
pub fn Alerts(
    /// The meter's key.
    key: String,
    /// Its words.
    meter: Meter,
    /// What is chosen.
    percents: Vec<i64>,
) -> impl IntoView {
    let tick = |percent: i64| {
        let name = format!("at{percent}");
        let words = if percent == 100 { "All used".to_owned() } else { format!("{percent} percent used") };
        view! {
            <label class="tick">
                <input name=name type="checkbox" value="yes" checked=percents.contains(&percent) />
                <span>{words}</span>
            </label>
        }
    };
    view! {
        <form method="post" class="alerts">
            <input type="hidden" name="meter" value=key />
            <fieldset class="field">
                <legend class="label">{format!("Mail about my {}", meter.many)}</legend>
                <p class="hint">"One mail in each period when so much is used. Without a tick there is none."</p>
                {alert::OFFERED.map(tick).collect_view()}
            </fieldset>
            <button class="button second small">"Save"</button>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::instant::DAY;

    fn meter() -> Meter {
        let word = str::to_owned;
        Meter { name: word("QR codes"), one: word("QR code"), many: word("QR codes") }
    }

    #[test]
    fn what_is_left_is_one_sentence() {
        let of = |used, per, until| {
            let balance =
                Balance { meter: "codes".into(), used, most: 300, beyond: None, until, per, bill: Bill::Paid };
            left(&meter(), &balance)
        };
        assert_eq!(of(120, Per::Period, Some(DAY)), "180 QR codes are left until 2 January 1970, 00:00 UTC.");
        assert_eq!(of(299, Per::Month, Some(DAY)), "1 QR code is left until 2 January 1970, 00:00 UTC.");
        assert_eq!(of(310, Per::Day, Some(DAY)), "No QR codes are left for today. It begins anew at midnight (UTC).");
        assert_eq!(of(0, Per::Period, None), "Your plan has no QR codes.");
    }

    #[test]
    fn the_pace_is_told_with_what_there_is() {
        let (until, bill) = (Some(30 * DAY), Bill::Paid);
        let balance =
            Balance { meter: "codes".into(), used: 137, most: 300, beyond: None, until, per: Per::Period, bill };
        let short = Forecast { about: 410, runs_out_at: Some(22 * DAY) };
        assert_eq!(
            foretold(&balance, short),
            "At this pace about 410 by 31 January 1970; you have 300. They would be used up about 23 January 1970."
        );
        let enough = Forecast { about: 210, runs_out_at: None };
        assert_eq!(foretold(&balance, enough), "At this pace about 210 by 31 January 1970; you have 300.");
    }

    #[test]
    fn every_state_of_a_use_has_words() {
        let states = ["recorded", "sent", "counted", "kept", "aside"].map(whereabouts);
        assert_eq!(
            states,
            ["Waits to be sent", "At Polar", "Counted by Polar", "Counted here", "Refused, we look into it"]
        );
    }
}
