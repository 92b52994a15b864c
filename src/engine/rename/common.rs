//! Names that tell too little, and words that cannot be names.

/// Words of the languages themselves.
const RESERVED: &str = " abstract alignas alignof and any as asm assert async auto await bool boolean break byte case \
catch chan char class const continue crate debugger declare def default defer del delete do done double dyn elif \
else enum esac except exec export extends extern fallthrough false fi final finally float fn for from func \
function global go goto if impl implements import in inline instanceof int interface is lambda let local long \
loop map match mod module move mut namespace new nil none nonlocal not null number object of or package pass \
print private protected pub public raise range readonly ref register restrict return self select short signed \
sizeof static str string struct super switch symbol then this throw trait true try type typedef typeof \
undefined union unsafe unsigned until use var void volatile where while with yield ";

/// Names that everything has: a language calls them by itself, or another type's is meant.
const EVERYWHERE: &str = " add append apply args array assert bind call clear clone close cmp collect concat \
constructor contains copy count create data default delete dict display drop each emit end entries eq equals \
error exec exists exit extend fetch fill filter find first flush fmt foreach format from get group handle hash \
head id index init insert into items iter join key keys kwargs last len length list load lock log lower main \
map max message min name new next node notify open option options order output parent parse path peek pop \
prev print process push put query read receive reduce remove render replace request reset resolve response \
result reverse root run save search send set setup size slice sort split start state status stop str strip \
sub submit sum swap tail take teardown test text then time title toggle tostring trim type unlock unwrap \
update upper url user value values vec wait warn write zip ";

/// Whether a language has the word for itself.
pub(super) fn is_reserved(word: &str) -> bool {
    listed(RESERVED, word)
}

/// Whether the name is on every other type, or is called by the language.
pub(super) fn is_everywhere(word: &str) -> bool {
    listed(EVERYWHERE, word)
}

fn listed(list: &str, word: &str) -> bool {
    list.split_whitespace().any(|it| it == word.to_lowercase())
}

/// Whether a name cannot be a word of prose: it has an inner `_`, an inner capital or a digit.
/// One in small letters alone may be one, however long it is.
pub(super) fn is_distinctive(name: &str) -> bool {
    let inner = name.trim_matches('_');
    let mut before = '\0';
    let hump = inner.chars().any(|c| {
        let hump = c.is_uppercase() && before.is_lowercase();
        before = c;
        hump
    });
    inner.len() > 2
        && (hump || inner.contains(['_', '$']) || inner.contains(|c: char| c.is_ascii_digit()))
}
