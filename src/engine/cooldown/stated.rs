//! The time that a server states for when it may be asked again, in each of the forms that are
//! in use.

use std::time::Duration;

/// More than any server means; what is longer is as good as this.
const MOST: f64 = 1e9;

/// Words after which a text states a time: OpenAI's and Groq's "Please try again in 7m12s",
/// Gemini's "Please retry in 34.07s", its `"retryDelay": "34s"` and "will reset after 2h5m",
/// Azure's "retry after 20 seconds".
const MARKERS: [&str; 8] = [
    "retrydelay",
    "retry_delay",
    "retry-after",
    "retry_after",
    "try again in",
    "retry in",
    "retry after",
    "reset after",
];

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3), which is read against the reply's own
/// `Date`: the server's clock and ours need not agree.
pub(super) fn header(value: &str, date: Option<&str>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return of_seconds(seconds);
    }
    let from = date.and_then(imf_fixdate)?;
    let until = imf_fixdate(value)?;
    Some(Duration::from_secs(u64::try_from(until.saturating_sub(from)).unwrap_or(0)))
}

/// `Retry-After-Ms`, as OpenAI and Azure send it.
pub(super) fn header_ms(value: &str) -> Option<Duration> {
    of_seconds(value.trim().parse::<f64>().ok()? / 1_000.0)
}

/// The longest time that a text states: a minute's limit and a day's may both be over.
pub(super) fn in_text(text: &str) -> Option<Duration> {
    let text = text.to_lowercase();
    let times = MARKERS.iter().flat_map(|marker| {
        text.match_indices(marker).filter_map(|(at, _)| after(&text[at + marker.len()..]))
    });
    times.max()
}

/// A time such as `7m12.5s`, `44s`, `20 seconds`, `120ms` or a bare number of seconds, at most a
/// few signs away.
fn after(text: &str) -> Option<Duration> {
    let skipped = text.trim_start_matches(|it: char| {
        it.is_whitespace() || matches!(it, '"' | '\'' | '\\' | ':' | '=' | '{' | '(')
    });
    // `retry_delay { seconds: 44 }`, as protocol buffers are printed.
    let mut rest = skipped.strip_prefix("seconds:").unwrap_or(skipped).trim_start();
    let mut sum = None;
    loop {
        let digits = rest.find(|it: char| !it.is_ascii_digit() && it != '.').unwrap_or(rest.len());
        let Ok(number) = rest[..digits].trim_end_matches('.').parse::<f64>() else { return sum };
        let behind = rest[digits..].trim_start();
        let letters = behind.find(|it: char| !it.is_ascii_alphabetic()).unwrap_or(behind.len());
        let unit = match (&behind[..letters], sum) {
            ("ms" | "millisecond" | "milliseconds", _) => 0.001,
            ("s" | "sec" | "secs" | "second" | "seconds", _) => 1.0,
            ("m" | "min" | "mins" | "minute" | "minutes", _) => 60.0,
            ("h" | "hr" | "hrs" | "hour" | "hours", _) => 3_600.0,
            ("d" | "day" | "days", _) => 86_400.0,
            (_, None) => return of_seconds(number),
            (_, Some(_)) => return sum,
        };
        sum = Some(sum.unwrap_or_default() + of_seconds(number * unit)?);
        rest = behind[letters..].trim_start();
    }
}

fn of_seconds(seconds: f64) -> Option<Duration> {
    // NaN is no number, and `min` would not say so.
    let seconds = if seconds > MOST { MOST } else { seconds };
    Duration::try_from_secs_f64(seconds).ok()
}

/// Seconds since 1970 of a date such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, 5.6.7). The two
/// obsolete forms are not read: nobody has sent them for decades.
///
/// The date-to-days arithmetic is Howard Hinnant's `days_from_civil`
/// (<https://howardhinnant.github.io/date_algorithms.html>).
fn imf_fixdate(text: &str) -> Option<i64> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.trim().strip_suffix(" GMT")?.split_once(", ")?;
    let mut parts = rest.split(' ');
    let day = parts.next()?.parse::<i64>().ok().filter(|it| (1..=31).contains(it))?;
    let name = parts.next()?;
    let month = i64::try_from(MONTHS.iter().position(|it| *it == name)?).ok()? + 1;
    let year = parts.next()?.parse::<i64>().ok().filter(|it| (1970..=9999).contains(it))?;
    let mut clock = parts.next()?.splitn(3, ':').map(|it| it.parse::<i64>().ok());
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    let within = (0..24).contains(&hour) && (0..60).contains(&minute) && (0..=60).contains(&second);
    if !within || parts.next().is_some() {
        return None;
    }
    let y = if month <= 2 { year - 1 } else { year };
    let era = y.div_euclid(400);
    let yoe = y - era * 400;
    let doy = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    let days = era * 146_097 + doe - 719_468;
    Some(days * 86_400 + hour * 3_600 + minute * 60 + second)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DATE: Option<&str> = Some("Sun, 06 Nov 1994 08:49:37 GMT");

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let seconds = |it: &str| header(it, DATE).map(|it| it.as_secs());
        assert_eq!((seconds("17"), seconds(" 0 ")), (Some(17), Some(0)));
        assert_eq!(header("0.25", None), Some(Duration::from_millis(250)));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(seconds("Sun, 06 Nov 1994 08:40:37 GMT"), Some(0));
        assert_eq!(seconds("Mon, 07 Nov 1994 08:49:37 GMT"), Some(86_400));
        assert_eq!(imf_fixdate("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(imf_fixdate("Tue, 29 Feb 2000 00:00:00 GMT"), Some(951_782_400));
        assert_eq!(imf_fixdate("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(header_ms("1500"), Some(Duration::from_millis(1500)));
    }

    #[test]
    fn what_is_no_time_is_none_and_what_is_absurd_is_bounded() {
        for text in ["soon", "-1", "nan", "", "Sun, 99 Nov 1994 08:49:37 GMT", "1994-11-06"] {
            assert_eq!(header(text, DATE), None, "{text}");
        }
        assert_eq!(header("Sun, 06 Nov 1994 08:50:37 GMT", None), None);
        for text in ["inf", "1e308", "99999999999999999999999999"] {
            assert_eq!(header(text, DATE), Some(Duration::from_secs(1_000_000_000)), "{text}");
        }
    }

    #[test]
    fn texts_state_times_in_many_forms() {
        for (text, seconds) in [
            ("Rate limit reached. Please try again in 7m12.5s. Visit x", 432.5),
            ("Please try again in 120ms.", 0.12),
            ("try again in 20 seconds", 20.0),
            ("Please retry in 34.07s.", 34.07),
            ("\"retryDelay\": \"44s\"", 44.0),
            ("\\\"retryDelay\\\": \\\"44s\\\"", 44.0),
            ("RetryInfo retryDelay:12s]]", 12.0),
            ("retry_delay {\n  seconds: 44\n}", 44.0),
            ("Please retry after 20 seconds.", 20.0),
            ("Retry-After: 30", 30.0),
            ("Your quota will reset after 2h5m4s.", 7_504.0),
            ("try again in 1 minute and more", 60.0),
            ("try again in 2s, or retry in 1m", 60.0),
        ] {
            assert_eq!(in_text(text), Some(Duration::from_secs_f64(seconds)), "{text}");
        }
        for text in ["try again in a moment", "Retrying in 0.2 seconds...", "", "retry in"] {
            assert_eq!(in_text(text), None, "{text}");
        }
    }
}
