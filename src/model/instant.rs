//! Instants as integers: milliseconds in our tables, microseconds where Polar's own precision decides.

use time::{
    Date, Month, OffsetDateTime,
    format_description::{BorrowedFormatItem, well_known::Rfc3339},
    macros::format_description,
};

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Milliseconds since 1970 UTC.
pub type Millis = i64;

/// Microseconds since 1970 UTC.
pub type Micros = i64;

/// One day.
pub const DAY: Millis = 24 * 60 * 60 * 1000;

/// One hour.
pub const HOUR: Millis = 60 * 60 * 1000;

/// Reads an ISO-8601 instant as Polar writes it; `None` when it is none.
#[must_use]
pub fn parse_us(text: &str) -> Option<Micros> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1000).ok()
}

/// Reads an ISO-8601 instant as milliseconds.
#[must_use]
pub fn parse_ms(text: &str) -> Option<Millis> {
    parse_us(text).map(|us| us / 1000)
}

/// As Polar writes instants: ISO 8601, UTC, to the microsecond. An instant that no calendar has is the first of 1970.
#[must_use]
pub fn write_us(at: Micros) -> String {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1000).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(ISO).unwrap_or_default()
}

/// Year, month and day in UTC; `None` for an instant that no calendar has.
#[must_use]
pub fn split_date(at: Micros) -> Option<(i32, u8, u8)> {
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1000).ok()?;
    Some((at.year(), at.month().into(), at.day()))
}

/// The same time of day on another day, in UTC; `None` for a day that no calendar has.
#[must_use]
pub fn with_date(at: Micros, (year, month, day): (i32, u8, u8)) -> Option<Micros> {
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, day).ok()?;
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1000).ok()?.replace_date(date);
    i64::try_from(at.unix_timestamp_nanos() / 1000).ok()
}

/// How many days a month has; `None` for one that no calendar has.
#[must_use]
pub fn days_of_month(year: i32, month: u8) -> Option<u8> {
    Some(Month::try_from(month).ok()?.length(year))
}

/// The beginning and the end of the calendar month in UTC that `at` lies in; the end does not belong to it any more. An instant
/// that no calendar has is taken for 1970.
#[must_use]
pub fn month_of(at: Millis) -> (Millis, Millis) {
    let at = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let first = at.date().replace_day(1).unwrap_or(at.date()).midnight().assume_utc();
    let starts_at = first.unix_timestamp() * 1000;
    (starts_at, starts_at + i64::from(first.month().length(first.year())) * DAY)
}

/// `March 2027`, in UTC.
#[must_use]
pub fn spell_month(at: Millis) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else {
        return String::from("an unknown month");
    };
    format!("{} {}", at.month(), at.year())
}

/// `3 March 2027`, in UTC.
#[must_use]
pub fn spell_date(at: Millis) -> String {
    let Ok(at) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else {
        return String::from("an unknown date");
    };
    format!("{} {} {}", at.day(), at.month(), at.year())
}

/// `3 March 2027, 14:05 UTC`.
#[must_use]
pub fn spell_time(at: Millis) -> String {
    let Ok(of_day) = OffsetDateTime::from_unix_timestamp(at.div_euclid(1000)) else { return spell_date(at) };
    format!("{}, {:02}:{:02} UTC", spell_date(at), of_day.hour(), of_day.minute())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_polars_instants_to_the_microsecond() {
        assert_eq!(parse_us("1970-01-01T00:00:01.000002Z"), Some(1_000_002));
        assert_eq!(parse_ms("2026-11-21T17:07:02.556592Z"), Some(1_795_280_822_556));
        assert_eq!(parse_us("yesterday"), None);
        assert_eq!(write_us(1_795_280_822_556_592), "2026-11-21T17:07:02.556592Z");
    }

    #[test]
    fn spells_days_and_times() {
        assert_eq!(spell_date(1_795_280_822_556), "21 November 2026");
        assert_eq!(
            (spell_month(1_795_280_822_556), spell_month(i64::MAX)),
            ("November 2026".into(), "an unknown month".into())
        );
        assert_eq!(spell_time(1_795_280_822_556), "21 November 2026, 17:07 UTC");
    }
}
