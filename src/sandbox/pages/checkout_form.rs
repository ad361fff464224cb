//! The form of the hosted checkout: what is bought and for how much, the code, the amount, who buys, the card.

use axum::http::StatusCode;
use axum::response::Response;
use rust_decimal::Decimal;

use super::checkout::Sent;
use super::markup::{escape, money, page};
use crate::sandbox::api::checkouts::Checkout;
use crate::sandbox::api::prices::{Price, Terms};
use crate::sandbox::life::currency::{major, price};
use crate::sandbox::life::{cards, discounting, offer};
use crate::sandbox::state;

const COUNTRIES: [(&str, &str); 8] = [
    ("US", "United States"),
    ("CA", "Canada"),
    ("CZ", "Czechia"),
    ("DE", "Germany"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("JP", "Japan"),
    ("SE", "Sweden"),
];

/// The form is shown again with status 200: the page is the answer, as a page that pays in place would be.
pub fn form(state: &state::State, checkout: &Checkout, sent: &Sent, problem: Option<&str>) -> Response {
    let problem = problem.map_or(String::new(), |text| {
        format!("<p class=\"wrong\" role=\"alert\">{}</p>", escape(text.trim_start_matches("The payment failed: ")))
    });
    let button = match (checkout.trial.is_some(), checkout.form_required()) {
        (true, _) => "Start trial",
        (false, true) => "Pay now",
        (false, false) => "Confirm",
    };
    let card = if checkout.form_required() { card_fields(checkout, sent) } else { String::new() };
    let back = checkout
        .return_url
        .as_deref()
        .map_or(String::new(), |url| format!("<p><a href=\"{}\">Back</a></p>", escape(url)));
    let body = format!(
        "{back}{summary}{problem}{bargain}<form class=\"card\" method=\"post\">{amount}{who}{card}\
         <button class=\"wide\">{button}</button></form>",
        summary = summary(state, checkout),
        bargain = bargain(state, checkout, sent),
        amount = amount(state, checkout, sent),
        who = who(checkout, sent),
    );
    page(StatusCode::OK, "Checkout", &body)
}

fn summary(state: &state::State, checkout: &Checkout) -> String {
    let Ok(product) = state.product(checkout.product_id) else { return String::new() };
    let every = product.recurring_interval.as_deref().map_or(String::new(), |interval| {
        match product.recurring_interval_count.unwrap_or(1) {
            1 => format!(" every {interval}"),
            count => format!(" every {count} {interval}s"),
        }
    });
    let total = money(checkout.total(), &checkout.currency);
    let price = match &checkout.trial {
        Some((interval, count)) => format!(
            "<p class=\"total\">{} today</p><p class=\"soft\">{count} {interval} trial, then {}</p>",
            money(0, &checkout.currency),
            rhythm(state, checkout, &every),
        ),
        None if checkout.free => format!("<p class=\"total\">Free</p><p class=\"soft\">{every}</p>"),
        None if checkout.recurring => {
            format!("<p class=\"total\">{total}</p><p class=\"soft\">{}</p>", rhythm(state, checkout, &every))
        }
        None => format!("<p class=\"total\">{total}</p>"),
    };
    let about = product.description.as_deref().map_or(String::new(), |text| format!("<p>{}</p>", escape(text)));
    format!("<h1>{}</h1>{about}{price}{}{}", escape(&product.name), metered(state, checkout), sums(state, checkout))
}

/// What is paid and how often, as long as the discount lasts and after it.
fn rhythm(state: &state::State, checkout: &Checkout, every: &str) -> String {
    let full = money(checkout.amount, &checkout.currency);
    let less = money(checkout.amount - checkout.discount_amount, &checkout.currency);
    let discount = discounting::known(state, checkout.discount_id);
    match discount.map(|one| (one.duration.as_str(), one.duration_in_months)) {
        Some(("once", _)) => format!("{less} for the first period, then {full}{every}"),
        Some(("repeating", Some(months))) => format!("{less}{every} for {months} months, then {full}"),
        _ => format!("{less}{every}"),
    }
}

/// What usage costs, in words.
fn metered(state: &state::State, checkout: &Checkout) -> String {
    let words = |terms: Terms| {
        let name = state.meter(terms.meter_id).map_or("use", |meter| &meter.name);
        let cap = terms
            .cap_amount
            .map_or(String::new(), |cap| format!(", at most {}", price(Decimal::from(cap), &checkout.currency)));
        let unit = price(terms.unit_amount, &checkout.currency);
        format!(
            "<p class=\"soft\">plus {unit} for each unit of {}{cap}, billed at the end of each period</p>",
            escape(name)
        )
    };
    offer::charged(state, checkout).into_iter().filter_map(Price::metered).map(words).collect()
}

/// How the total comes about, where it is not simply the price.
fn sums(state: &state::State, checkout: &Checkout) -> String {
    let discount = discounting::known(state, checkout.discount_id);
    let row = |name: &str, amount: i64| {
        format!("<tr><th scope=\"row\">{}</th><td>{}</td></tr>", escape(name), money(amount, &checkout.currency))
    };
    let tax = checkout.tax_amount.filter(|tax| *tax != 0);
    if discount.is_none() && tax.is_none() {
        return String::new();
    }
    let off = discount.map_or(String::new(), |one| row(&format!("Discount {}", one.name), -checkout.discount_amount));
    let tax = tax.map_or(String::new(), |tax| row(if checkout.tax_inclusive { "Tax (included)" } else { "Tax" }, tax));
    let total = if checkout.trial.is_some() { "Total after the trial" } else { "Total" };
    format!("<table>{}{off}{tax}{}</table>", row("Price", checkout.amount), row(total, checkout.total()))
}

/// The field for a code; or the button that takes a discount away again.
fn bargain(state: &state::State, checkout: &Checkout, sent: &Sent) -> String {
    if !checkout.allow_discount_codes || checkout.free {
        return String::new();
    }
    let discount = discounting::known(state, checkout.discount_id);
    match discount {
        Some(one) => format!(
            "<form class=\"card\" method=\"post\"><p>The discount {} is applied.</p>\
             <button class=\"quiet\" name=\"act\" value=\"remove\">Remove discount</button></form>",
            escape(&one.name)
        ),
        None => format!(
            "<form class=\"card\" method=\"post\"><label for=\"discount_code\">Discount code</label>\
             <input id=\"discount_code\" name=\"discount_code\" autocomplete=\"off\" required value=\"{}\">\
             <button class=\"quiet\" name=\"act\" value=\"apply\">Apply code</button></form>",
            escape(&sent.discount_code)
        ),
    }
}

/// The amount, where the buyer names it.
fn amount(state: &state::State, checkout: &Checkout, sent: &Sent) -> String {
    if !offer::charged(state, checkout).into_iter().any(Price::is_custom) {
        return String::new();
    }
    let shown = if sent.amount.is_empty() { major(checkout.amount, &checkout.currency) } else { sent.amount.clone() };
    format!(
        "<label for=\"amount\">Amount in {}</label><input id=\"amount\" name=\"amount\" inputmode=\"decimal\" required value=\"{}\">",
        checkout.currency.to_uppercase(),
        escape(&shown)
    )
}

fn who(checkout: &Checkout, sent: &Sent) -> String {
    let email = Some(&sent.email).filter(|typed| !typed.is_empty() && !checkout.linked);
    let email = email.or(checkout.customer_email.as_ref()).map_or("", String::as_str);
    let name = Some(&sent.name)
        .filter(|typed| !typed.is_empty())
        .or(checkout.customer_name.as_ref())
        .map_or("", String::as_str);
    let locked = if checkout.linked { " readonly" } else { "" };
    format!(
        "<label for=\"email\">Email</label><input id=\"email\" name=\"email\" type=\"email\" autocomplete=\"email\" required value=\"{}\"{locked}>\
         <label for=\"name\">{}</label><input id=\"name\" name=\"name\" autocomplete=\"cc-name\" value=\"{}\"{}>",
        escape(email),
        if checkout.form_required() { "Cardholder name" } else { "Name" },
        escape(name),
        if checkout.form_required() { " required" } else { "" },
    )
}

/// The card is asked for anew each time, as a payment provider does.
fn card_fields(checkout: &Checkout, sent: &Sent) -> String {
    let known = checkout.customer_billing_address.as_ref().and_then(|address| address["country"].as_str());
    let chosen = if sent.country.is_empty() { known.unwrap_or("US") } else { &sent.country };
    let other = known.filter(|code| COUNTRIES.iter().all(|(listed, _)| listed != code)).map(|code| (code, code));
    let countries: String = COUNTRIES
        .into_iter()
        .chain(other)
        .map(|(code, name)| {
            let selected = if code == chosen { " selected" } else { "" };
            format!("<option value=\"{}\"{selected}>{}</option>", escape(code), escape(name))
        })
        .collect();
    format!(
        "<label for=\"number\">Card number</label><input id=\"number\" name=\"number\" inputmode=\"numeric\" autocomplete=\"cc-number\" required placeholder=\"4242 4242 4242 4242\">\
         <div class=\"pair\"><div><label for=\"expiry\">Expiry</label><input id=\"expiry\" name=\"expiry\" autocomplete=\"cc-exp\" required placeholder=\"MM / YY\"></div>\
         <div><label for=\"cvc\">CVC</label><input id=\"cvc\" name=\"cvc\" inputmode=\"numeric\" autocomplete=\"cc-csc\" required placeholder=\"123\"></div></div>\
         <p class=\"soft\">Test cards: {}.</p>\
         <label for=\"country\">Country</label><select id=\"country\" name=\"country\" autocomplete=\"country\" required>{countries}</select>",
        cards::described(),
    )
}
