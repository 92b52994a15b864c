//! Wall clock times to the minute, in the Gregorian calendar.

use std::fmt;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment {
    pub year: u32,
    pub month: u32,
    pub day: u32,
    pub hour: u32,
    pub minute: u32,
}

pub const WEEKDAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

pub fn is_leap(year: u32) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

pub fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// 0 is Sunday (Sakamoto's method).
pub fn weekday(year: u32, month: u32, day: u32) -> u32 {
    const OFFSETS: [u32; 12] = [0, 3, 2, 5, 0, 3, 5, 1, 4, 6, 2, 4];
    let year = if month < 3 { year - 1 } else { year };
    (year + year / 4 - year / 100 + year / 400 + OFFSETS[month as usize - 1] + day) % 7
}

impl Moment {
    /// `2024-05-01 12:00`, or the date alone for midnight.
    pub fn parse(text: &str) -> Option<Moment> {
        let (date, time) = match text.trim().split_once([' ', 'T']) {
            Some((date, time)) => (date, time),
            None => (text.trim(), "00:00"),
        };
        let mut date = date.splitn(3, '-').map(|part| part.parse::<u32>().ok());
        let mut time = time.splitn(2, ':').map(|part| part.parse::<u32>().ok());
        let moment = Moment {
            year: date.next()??,
            month: date.next()??,
            day: date.next()??,
            hour: time.next()??,
            minute: time.next()??,
        };
        moment.is_valid().then_some(moment)
    }

    fn is_valid(&self) -> bool {
        (1970..=9999).contains(&self.year)
            && (1..=12).contains(&self.month)
            && (1..=days_in(self.year, self.month)).contains(&self.day)
            && self.hour < 24
            && self.minute < 60
    }

    pub fn weekday(&self) -> u32 {
        weekday(self.year, self.month, self.day)
    }

    pub fn next_minute(self) -> Moment {
        if self.minute < 59 {
            return Moment {
                minute: self.minute + 1,
                ..self
            };
        }
        if self.hour < 23 {
            return Moment {
                hour: self.hour + 1,
                minute: 0,
                ..self
            };
        }
        self.next_day()
    }

    /// Midnight of the following day.
    pub fn next_day(self) -> Moment {
        if self.day < days_in(self.year, self.month) {
            return Moment {
                day: self.day + 1,
                hour: 0,
                minute: 0,
                ..self
            };
        }
        self.next_month()
    }

    /// Midnight of the first day of the following month.
    pub fn next_month(self) -> Moment {
        let (year, month) = if self.month == 12 {
            (self.year + 1, 1)
        } else {
            (self.year, self.month + 1)
        };
        Moment {
            year,
            month,
            day: 1,
            hour: 0,
            minute: 0,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:04}-{:02}-{:02} {:02}:{:02} {}",
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            WEEKDAYS[self.weekday() as usize]
        )
    }
}
