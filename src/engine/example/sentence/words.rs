//! The words that a sentence about a call is made of.

/// What it should do.
pub(super) const WANTS: [&str; 14] = [
    "should",
    "must",
    "expected",
    "expect",
    "expects",
    "expecting",
    "want",
    "wanted",
    "ought",
    "shall",
    "supposed",
    "desired",
    "shouldn't",
    "expectation",
];
/// What it does.
pub(super) const SAYS: [&str; 24] = [
    "returns",
    "return",
    "returned",
    "returning",
    "gives",
    "give",
    "gave",
    "giving",
    "yields",
    "yield",
    "is",
    "are",
    "be",
    "equals",
    "equal",
    "evaluates",
    "produces",
    "produce",
    "get",
    "gets",
    "got",
    "become",
    "becomes",
    "was",
];
/// What it does with an error.
pub(super) const RAISES: [&str; 13] = [
    "raises", "raise", "raised", "throws", "throw", "thrown", "fails", "fail", "crashes", "crash",
    "raising", "throwing", "dies",
];
/// Words that change nothing.
pub(super) const FILLERS: [&str; 34] = [
    "to",
    "it",
    "this",
    "that",
    "which",
    "result",
    "value",
    "actually",
    "currently",
    "now",
    "still",
    "just",
    "always",
    "only",
    "also",
    "i",
    "i'd",
    "you",
    "we",
    "would",
    "have",
    "been",
    "back",
    "with",
    "wrongly",
    "incorrectly",
    "simply",
    "instead",
    "really",
    "today",
    "both",
    "will",
    "actual",
    "here",
];
/// What begins a clause of its own.
pub(super) const CLAUSES: [&str; 9] =
    ["but", "while", "whereas", "however", "though", "although", "and", "so", "because"];
/// What makes the rest hold under a condition alone that we cannot bring about.
pub(super) const CONDITIONS: [&str; 12] = [
    "if",
    "when",
    "unless",
    "after",
    "without",
    "before",
    "once",
    "until",
    "except",
    "respectively",
    "whenever",
    "otherwise",
];
pub(super) const NEGATIONS: [&str; 9] =
    ["not", "never", "no", "cannot", "can't", "doesn't", "isn't", "won't", "shouldn't"];
/// What tells that somebody is not content with what is said.
pub(super) const COMPLAINTS: [&str; 15] = [
    "wrong",
    "wrongly",
    "incorrect",
    "incorrectly",
    "currently",
    "now",
    "today",
    "actually",
    "bug",
    "instead",
    "but",
    "still",
    "broken",
    "unexpectedly",
    "got",
];
