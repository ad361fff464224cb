//! The sandbox's time: the machine's clock moved by an offset, and the one type its instants have.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{Duration, OffsetDateTime, PrimitiveDateTime};

const ISO: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const HTTP: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// An instant in microseconds since 1970, UTC. As JSON it is Polar's form, `2026-11-21T17:04:55.148676Z` (C§1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stamp(pub i64);

impl Stamp {
    /// This instant moved by `ms` milliseconds.
    pub fn plus_ms(self, ms: i64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000)))
    }

    /// Whole seconds since 1970, as `webhook-timestamp` carries them.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The form of a `Date` header.
    pub fn http_date(self) -> String {
        self.date_time().format(HTTP).unwrap_or_default()
    }

    /// The day alone, for people.
    pub fn day(self) -> String {
        self.date_time().format(format_description!("[day padding:none] [month repr:long] [year]")).unwrap_or_default()
    }

    /// The day as Polar writes it on a bill, `Nov 21, 2026`.
    pub fn short(self) -> String {
        self.date_time()
            .format(format_description!("[month repr:short] [day padding:none], [year]"))
            .unwrap_or_default()
    }

    /// This instant `count` intervals (`hour`, `day`, `week`, `month`, `year`) later; a day that a month lacks becomes its last.
    pub fn plus_interval(self, interval: &str, count: i64) -> Self {
        self.plus_period(interval, count, self.day_of_month())
    }

    /// The same, but months and years lead to the day `anchor` of their month: what began on a 31st goes back to it
    /// after a shorter month. An anchor of 0 is this instant's own day.
    pub fn plus_period(self, interval: &str, count: i64, anchor: u8) -> Self {
        let now = self.date_time();
        let months = match interval {
            "year" => count * 12,
            "month" => count,
            "week" => return self.plus_ms(count * 7 * 86_400_000),
            "hour" => return self.plus_ms(count * 3_600_000),
            _ => return self.plus_ms(count * 86_400_000),
        };
        let total = i64::from(now.year()) * 12 + i64::from(u8::from(now.month())) - 1 + months;
        let year = i32::try_from(total.div_euclid(12)).unwrap_or(9_999).min(9_999);
        let number = u8::try_from(total.rem_euclid(12) + 1).expect("a remainder of 12 plus 1 is at most 12");
        let month = time::Month::try_from(number).expect("1 to 12 are months");
        let day = if anchor == 0 { now.day() } else { anchor }.min(month.length(year));
        time::Date::from_calendar_date(year, month, day).map_or(self, |date| Self::of(now.replace_date(date)))
    }

    /// 1 to 31.
    pub fn day_of_month(self) -> u8 {
        self.date_time().day()
    }

    /// The calendar hour, day, week (from Monday), month or year that this instant is in, as a number of its own.
    pub fn period(self, interval: &str) -> i64 {
        let at = self.date_time();
        match interval {
            "hour" => self.seconds().div_euclid(3_600),
            "day" => self.seconds().div_euclid(86_400),
            // 1970 began on a Thursday.
            "week" => (self.seconds().div_euclid(86_400) + 3).div_euclid(7),
            "month" => i64::from(at.year()) * 12 + i64::from(u8::from(at.month())),
            _ => i64::from(at.year()),
        }
    }

    /// An instant as clients write it: RFC 3339, or without an offset, which means UTC.
    pub fn read(text: &str) -> Option<Self> {
        let rfc = &time::format_description::well_known::Rfc3339;
        let moment = OffsetDateTime::parse(text, rfc).or_else(|_| OffsetDateTime::parse(&format!("{text}Z"), rfc));
        moment.ok().map(Self::of)
    }

    fn of(moment: OffsetDateTime) -> Self {
        Self(i64::try_from(moment.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX))
    }

    fn date_time(self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH.checked_add(Duration::microseconds(self.0)).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    }
}

impl std::fmt::Display for Stamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.date_time().format(ISO).unwrap_or_default())
    }
}

impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        PrimitiveDateTime::parse(&text, ISO).map(|moment| Self::of(moment.assume_utc())).map_err(D::Error::custom)
    }
}

/// The organization's clock: wall time plus an offset that only grows.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Clock {
    /// How far the sandbox is ahead of the machine, in milliseconds.
    pub offset_ms: i64,
    #[serde(skip)]
    last: i64,
}

impl Clock {
    /// The machine's own time: signatures and the waits between attempts use it.
    #[expect(clippy::disallowed_methods, reason = "this is the sandbox's clock; it shares none with the app")]
    pub fn wall() -> Stamp {
        Stamp::of(OffsetDateTime::now_utc())
    }

    /// The moved time, as shown to clients.
    pub fn peek(&self) -> Stamp {
        Self::wall().plus_ms(self.offset_ms)
    }

    /// The moved time for something that is being written: never the same instant twice, so that versions differ.
    pub fn now(&mut self) -> Stamp {
        self.last = self.peek().0.max(self.last + 1);
        Stamp(self.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_reads_back_with_its_microseconds() {
        let stamp: Stamp = serde_json::from_str("\"2026-11-21T17:04:55.148676Z\"").expect("a stamp");
        assert_eq!(stamp.0, 1_795_280_695_148_676);
        assert_eq!(serde_json::to_string(&stamp).expect("json"), "\"2026-11-21T17:04:55.148676Z\"");
        assert_eq!(stamp.http_date(), "Sat, 21 Nov 2026 17:04:55 GMT");
    }

    #[test]
    fn instants_are_read_with_and_without_an_offset() {
        let noon = Stamp::read("2026-11-21T12:00:00Z").expect("an instant");
        assert_eq!(Stamp::read("2026-11-21T13:00:00.000000+01:00"), Some(noon));
        assert_eq!(Stamp::read("2026-11-21T12:00:00"), Some(noon));
        assert_eq!(Stamp::read("tomorrow"), None);
    }

    #[test]
    fn months_end_on_a_day_that_exists() {
        let january: Stamp = serde_json::from_str("\"2027-01-31T10:00:00.000001Z\"").expect("a stamp");
        assert_eq!(january.plus_interval("month", 1).to_string(), "2027-02-28T10:00:00.000001Z");
        assert_eq!(january.plus_interval("year", 1).to_string(), "2028-01-31T10:00:00.000001Z");
        let february = january.plus_period("month", 1, 31);
        assert_eq!(february.plus_period("month", 1, 31).to_string(), "2027-03-31T10:00:00.000001Z");
        assert_eq!(february.plus_period("month", 1, 0).to_string(), "2027-03-28T10:00:00.000001Z");
        assert_eq!(january.plus_interval("week", 2).to_string(), "2027-02-14T10:00:00.000001Z");
    }

    #[test]
    fn writing_never_sees_one_instant_twice() {
        let mut clock = Clock::default();
        let stamps: Vec<Stamp> = (0..1_000).map(|_| clock.now()).collect();
        assert!(stamps.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
