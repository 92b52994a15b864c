//! What a prompt tells of a pull request: what is asked for there, and what was said and done
//! before. In order of rank, because a small model's context is small.

use crate::domain::job::{Asked, Conversation, Person, Said};
use crate::domain::time::Timestamp;
use crate::engine::prompt::{LINE, cut, cut_middle, one_line, tokens, unfenced};

/// A part with less room than this is left out.
const LEAST_PART: u32 = 16;
/// So much of an older request is kept when a newer one is too long for both.
const LEAST_REQUEST: u32 = 60;
/// So much of the newest request is kept, whatever else is there.
pub(super) const LEAST_NEWEST: u32 = 120;
/// The most lines of a hunk. The line that was commented on is its last.
const MOST_HUNK: usize = 40;
/// The longest heading, in tokens.
const MOST_HEADING: u32 = 60;

/// All that is asked for, oldest first, each with who and when. Cut only when it is too long by
/// itself, and then the newest is cut last.
pub(super) fn requests(
    conversation: &Conversation,
    room: u32,
    left_out: &mut Vec<String>,
) -> String {
    let all = &conversation.requests;
    let needs: Vec<u32> = (0..all.len()).map(|nth| tokens(&request(all, nth, u32::MAX))).collect();
    let (mut shown, mut left) = (Vec::new(), room);
    for (nth, asked) in all.iter().enumerate().rev() {
        let older: u32 = needs[..nth].iter().map(|need| (*need).min(LEAST_REQUEST)).sum();
        let share = left.saturating_sub(older).max(left / 2).max(left.min(LEAST_NEWEST));
        let text = request(all, nth, share);
        if tokens(&text) < needs[nth] {
            let who = one_line(&asked.by.login);
            left_out.push(match text.is_empty() {
                true => format!("the whole request {} by {who}", nth + 1),
                false => format!("the end of request {} by {who}", nth + 1),
            });
        }
        left = left.saturating_sub(tokens(&text));
        shown.push(text);
    }
    shown.reverse();
    shown.concat()
}

/// One request in at most `room` tokens; nothing when that is too little to say anything.
fn request(all: &[Asked], nth: usize, room: u32) -> String {
    let Some(asked) = all.get(nth) else { return String::new() };
    let number =
        if all.len() > 1 { format!(" {} of {}", nth + 1, all.len()) } else { String::new() };
    let spot = asked.spot.as_ref().map(|spot| {
        let line = spot.line.map(|line| format!(", line {line}")).unwrap_or_default();
        format!(", on {}{line}", cut(&one_line(&spot.path), MOST_HEADING / 2))
    });
    let who = who(&asked.by, asked.at);
    let head = heading(&format!("Request{number} {who}{}", spot.unwrap_or_default()));
    let Some(room) = room.checked_sub(tokens(&head)).filter(|it| *it >= LEAST_PART / 2) else {
        return String::new();
    };
    let text = unfenced(asked.text.trim());
    let shown = match tokens(&text) < room {
        true => format!("{text}\n"),
        false => format!("{}\n[cut]\n", cut(&text, room.saturating_sub(4))),
    };
    let room = room.saturating_sub(tokens(&shown));
    let hunk = asked.spot.as_ref().map(|spot| hunk(&spot.hunk, room)).unwrap_or_default();
    format!("{head}{shown}{hunk}")
}

/// The end of a hunk: there is the line that was commented on.
fn hunk(hunk: &str, room: u32) -> String {
    let head = "It was written on the last of these lines:\n";
    let mut left = room.saturating_sub(tokens(head));
    let hunk = unfenced(hunk.trim_end());
    let mut lines: Vec<&str> = Vec::new();
    for line in hunk.lines().rev().take(MOST_HUNK) {
        let Some(rest) = left.checked_sub(tokens(line) + 1) else { break };
        left = rest;
        lines.push(line);
    }
    lines.reverse();
    match lines.is_empty() {
        true => String::new(),
        false => format!("{head}{}\n", lines.join("\n")),
    }
}

type Part = fn(&Conversation, u32, &mut Vec<String>) -> String;

/// What the model should know besides: each part with its share of the room, in percent. What one
/// part does not need goes to the others, in this order.
const PARTS: [(Part, u32); 4] = [(body, 20), (diff, 40), (issue, 20), (earlier, 20)];

/// The pull request, its diff, the issue it closes and what was said before, in at most `room`
/// tokens.
pub(super) fn rest(conversation: &Conversation, room: u32, left_out: &mut Vec<String>) -> String {
    let whole = PARTS.map(|(part, _)| part(conversation, u32::MAX, &mut Vec::new()));
    let needs = [0, 1, 2, 3].map(|nth: usize| tokens(&whole[nth]));
    let mut shares = [0, 1, 2, 3].map(|nth: usize| needs[nth].min(room / 100 * PARTS[nth].1));
    let mut spare = room.saturating_sub(shares.iter().sum());
    for (share, need) in shares.iter_mut().zip(needs) {
        let more = (need - *share).min(spare);
        *share += more;
        spare -= more;
    }
    let mut out = String::new();
    for (nth, (part, _)) in PARTS.iter().enumerate() {
        match needs[nth] <= shares[nth] {
            true => out.push_str(&whole[nth]),
            false => out.push_str(&part(conversation, shares[nth], left_out)),
        }
    }
    out
}

fn body(conversation: &Conversation, room: u32, left_out: &mut Vec<String>) -> String {
    let head = heading(&format!("The pull request: {}", one_line(&conversation.title)));
    long(&head, &conversation.body, room, "the pull request's description", left_out)
}

fn issue(conversation: &Conversation, room: u32, left_out: &mut Vec<String>) -> String {
    let Some(issue) = &conversation.closes else { return String::new() };
    let (number, title) = (issue.number, one_line(&issue.title));
    let head = heading(&format!("The issue that it closes, #{number}: {title}"));
    long(&head, &issue.body, room, &format!("issue #{number}"), left_out)
}

/// A heading and the beginning of a text.
fn long(head: &str, text: &str, room: u32, name: &str, left_out: &mut Vec<String>) -> String {
    let text = unfenced(text.trim());
    let left = room.saturating_sub(tokens(head));
    if tokens(&text) < left {
        return if text.is_empty() { head.to_owned() } else { format!("{head}{text}\n") };
    }
    if left < LEAST_PART {
        left_out.push(name.to_owned());
        return if tokens(head) <= room { head.to_owned() } else { String::new() };
    }
    let shown = cut(&text, left - 4);
    let rest = text.len() - shown.len();
    left_out.push(format!("the last {rest} of {} bytes of {name}", text.len()));
    format!("{head}{shown}\n[cut]\n")
}

/// The diff so far: whole, or else by file, those that the requests are about first.
fn diff(conversation: &Conversation, room: u32, left_out: &mut Vec<String>) -> String {
    let text = unfenced(conversation.diff.trim());
    if text.is_empty() {
        return String::new();
    }
    let head = heading("What the pull request changes so far");
    let left = room.saturating_sub(tokens(&head));
    if tokens(&text) < left {
        return format!("{head}{text}\n");
    }
    if left < 2 * LEAST_PART {
        left_out.push("the pull request's diff".to_owned());
        return String::new();
    }
    let mut left = left - LEAST_PART;
    let (mut out, mut gone) = (head, 0);
    for file in by_rank(&text, &conversation.requests) {
        if tokens(file.text) < left {
            left -= tokens(file.text) + 1;
            out += &format!("{}\n", file.text);
        } else if (file.meant || gone == 0) && left >= 2 * LEAST_PART {
            let shown = cut_middle(file.text, left - 5);
            left = left.saturating_sub(tokens(&shown) + 1);
            out += &format!("{shown}\n");
            left_out.push(format!("the middle of the diff of {}", one_line(file.path)));
        } else {
            gone += 1;
        }
    }
    if gone > 0 {
        out += &format!("[the changes of {gone} more files]\n");
        left_out.push(format!("the diff of {gone} files"));
    }
    out
}

/// What a diff says about one file.
struct FileDiff<'a> {
    path: &'a str,
    text: &'a str,
    /// Whether a request names the file, or was written on it.
    meant: bool,
}

fn by_rank<'a>(diff: &'a str, requests: &[Asked]) -> Vec<FileDiff<'a>> {
    let starts = std::iter::once(0)
        .chain(diff.match_indices("\ndiff --git ").map(|(at, _)| at + 1))
        .chain([diff.len()])
        .collect::<Vec<_>>();
    let mut files: Vec<FileDiff<'a>> = starts
        .windows(2)
        .map(|ends| {
            let text = diff[ends[0]..ends[1]].trim_end();
            let first = text.lines().next().unwrap_or_default();
            let path = first.rsplit_once(" b/").map_or("", |(_, path)| path);
            FileDiff { path, text, meant: requests.iter().any(|it| means(it, path)) }
        })
        .collect();
    files.sort_by_key(|it| !it.meant);
    files
}

fn means(asked: &Asked, path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.is_empty()
        && (asked.spot.as_ref().is_some_and(|it| it.path == path) || asked.text.contains(name))
}

/// What was said before, oldest first; of too much the newest.
fn earlier(conversation: &Conversation, room: u32, left_out: &mut Vec<String>) -> String {
    let (mut shown, mut left) = (Vec::new(), room);
    for said in conversation.earlier.iter().rev() {
        let Some(text) = saying(said, left) else { break };
        left = left.saturating_sub(tokens(&text));
        shown.push(text);
    }
    let all = conversation.earlier.len();
    if shown.len() < all {
        left_out.push(format!("the oldest {} of {all} earlier comments", all - shown.len()));
    } else if tokens(&shown.concat()) < tokens(&earlier_whole(conversation)) {
        left_out.push("the end of the oldest earlier comment".to_owned());
    }
    shown.reverse();
    shown.concat()
}

fn earlier_whole(conversation: &Conversation) -> String {
    conversation.earlier.iter().filter_map(|it| saying(it, u32::MAX)).collect()
}

fn saying(said: &Said, room: u32) -> Option<String> {
    let head = heading(&format!("Said before {}", who(&said.by, said.at)));
    let text = unfenced(said.text.trim());
    let left = room.checked_sub(tokens(&head))?;
    if tokens(&text) < left {
        return Some(format!("{head}{text}\n"));
    }
    (left >= LEAST_PART).then(|| format!("{head}{}\n[cut]\n", cut(&text, left - 4)))
}

/// The line before a part. Parts begin with lines that no text of others has.
fn heading(words: &str) -> String {
    format!("{LINE} {}\n", cut(words, MOST_HEADING))
}

fn who(person: &Person, at: Timestamp) -> String {
    format!("by {}, {at}", cut(&one_line(&person.login), 20))
}

#[cfg(test)]
mod tests;
