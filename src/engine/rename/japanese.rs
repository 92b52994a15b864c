//! Sentences in Japanese that ask for a rename. Names stand in them in Latin letters.

use super::issue::Sense;
use super::{Name, Stated};

/// What a name may be called, and words around it.
const KINDS: [&str; 16] = [
    "メソッド名",
    "関数名",
    "クラス名",
    "変数名",
    "定数名",
    "型名",
    "メソッド",
    "関数",
    "クラス",
    "変数",
    "定数",
    "構造体",
    "マクロ",
    "という名前",
    "という名称",
    "型",
];
/// Ends of a request, the longer ones first.
const ENDINGS: [&str; 27] = [
    "する必要があります",
    "していただきたいです",
    "していただけますか",
    "をお願いいたします",
    "をお願いします",
    "お願いいたします",
    "お願いします",
    "してください",
    "して下さい",
    "してほしいです",
    "して欲しいです",
    "してほしい",
    "して欲しい",
    "するべきです",
    "するべき",
    "すべきです",
    "すべき",
    "したいです",
    "したい",
    "すること",
    "しましょう",
    "しよう",
    "します",
    "する",
    "へ",
    "て",
    "",
];
/// Words of a sentence that asks for what a rename does anyway.
const ALONG: [&str; 58] = [
    "呼び出している",
    "呼び出し元",
    "呼び出し側",
    "呼び出し箇所",
    "呼び出し",
    "使っている",
    "使用箇所",
    "利用箇所",
    "使用している",
    "参照している",
    "参照箇所",
    "参照元",
    "参照",
    "箇所",
    "コード",
    "テスト",
    "ドキュメント",
    "コメント",
    "インポート",
    "すべて",
    "全て",
    "全部",
    "全体",
    "関連する",
    "更新",
    "修正",
    "変更",
    "置き換えて",
    "置き換え",
    "直して",
    "合わせて",
    "あわせて",
    "同様に",
    "ください",
    "下さい",
    "お願いします",
    "必要があります",
    "リネーム",
    "新しい名前",
    "動作",
    "挙動",
    "機能",
    "変えないで",
    "変わりません",
    "ありません",
    "なし",
    "そのまま",
    "のみ",
    "だけ",
    "です",
    "ます",
    "して",
    "する",
    "それ以外",
    "以外",
    "その他",
    "これら",
    "それら",
];
/// Words of sentences that may ask for something.
const ASKING: [&str; 24] = [
    "ください",
    "下さい",
    "べき",
    "必要",
    "ほしい",
    "欲しい",
    "追加",
    "削除",
    "修正",
    "対応",
    "願い",
    "たい",
    "こと",
    "残",
    "旧",
    "両方",
    "ただし",
    "以外",
    "しかし",
    "まで",
    "実装",
    "廃止",
    "しよう",
    "ように",
];
/// Words of sentences about a name: what else is told may be what is to be built.
const WHY: [&str; 14] = [
    "名",
    "分かり",
    "わかり",
    "紛らわし",
    "誤解",
    "意味",
    "一貫",
    "統一",
    "規約",
    "略",
    "読み",
    "綴り",
    "スペル",
    "タイポ",
];
const ALIKE: [char; 15] =
    ['を', 'も', 'の', 'に', 'は', 'と', 'や', 'が', 'で', '、', '，', 'し', 'て', 'へ', '・'];

/// What a sentence asks for.
pub(super) fn sense(sentence: &str, announced: bool, in_title: bool) -> Sense {
    let (text, names) = marked(sentence);
    let text = text.replace("->", "→").replace("⇒", "→").replace("=>", "→").replace(',', "、");
    if let Some(asked) = asked(&text, &names) {
        return Sense::Asks(asked);
    }
    let renames = ["リネーム", "改名", "名前", "名称"].iter().any(|it| text.contains(it));
    let asks = ASKING.iter().any(|it| text.contains(it));
    if announced && names.len() == 2 && without_kinds(&text) == "\0→\0" {
        return of(&names).map_or(Sense::Doubt, Sense::Asks);
    }
    if renames && names.is_empty() && (in_title || text.contains("以下") || text.contains("次の"))
    {
        // "以下の関数をリネームしてください", or a title whose body says to what.
        let more = ["追加", "削除", "修正", "対応", "残", "旧"].iter().any(|it| text.contains(it));
        return if more { Sense::Doubt } else { Sense::Announces };
    }
    if is_along(&text) {
        return Sense::Along(names);
    }
    let why = WHY.iter().any(|it| text.contains(it));
    if asks || !why || text.contains('→') { Sense::Doubt } else { Sense::Tells }
}

/// The sentence with a `\0` for each name and without blanks, and the names.
fn marked(sentence: &str) -> (String, Vec<String>) {
    let (mut text, mut names) = (String::new(), Vec::new());
    let mut name = String::new();
    for c in sentence.chars().chain(['。']) {
        let part =
            c.is_ascii_alphanumeric() || matches!(c, '_' | '$' | '.' | '(' | ')' | '#' | '/');
        if part {
            name.push(c);
            continue;
        }
        if !name.is_empty() {
            text.push('\0');
            names.push(std::mem::take(&mut name));
        }
        if !c.is_whitespace() && !matches!(c, '`' | '「' | '」' | '"' | '*' | '。' | ':' | '：')
        {
            text.push(c);
        }
    }
    (text, names)
}

fn without_kinds(text: &str) -> String {
    let mut text = text.to_owned();
    for kind in KINDS {
        text = text.replace(kind, "");
    }
    text.replace("の\0", "\0")
}

/// `a を b にリネームしてください` and its kin, also for several: `a を b に、c を d に改名`.
fn asked(text: &str, names: &[String]) -> Option<Vec<Stated>> {
    let text = without_kinds(text);
    let ending = ENDINGS.iter().find_map(|it| {
        let head = text.strip_suffix(it)?;
        let verb = ["名前を変更", "名称を変更", "名前変更", "名称変更", "リネーム", "改名", "変更"];
        verb.iter().find_map(|verb| head.strip_suffix(verb)).map(|head| (head, !head.is_empty()))
    });
    let (head, _) = ending?;
    // "a を b に変更" alone may be about values.
    let says = ["リネーム", "改名", "名前", "名称"].iter().any(|it| text.contains(it));
    let mut found = Vec::new();
    let mut names_left = names;
    for part in head.split('、') {
        let part = part.trim_end_matches(['に', 'へ']);
        let fits = match part {
            "\0を\0" | "\0から\0" | "\0は\0" => says,
            "\0の名前を\0" | "\0の名称を\0" => true,
            _ => false,
        };
        let (pair, rest) = names_left.split_at_checked(2)?;
        if !fits {
            return None;
        }
        found.extend(of(pair)?);
        names_left = rest;
    }
    names_left.is_empty().then_some(found)
}

fn of(names: &[String]) -> Option<Vec<Stated>> {
    let [old, new] = names else { return None };
    Some(vec![Stated { old: Name::of(old)?, new: Name::of(new)?, file: None }])
}

/// Whether all words are of what a rename does anyway.
fn is_along(text: &str) -> bool {
    let denied = ["変えないで", "変わりません", "ありません", "そのまま", "なし"]
        .iter()
        .any(|it| text.contains(it));
    let behaviour = ["動作", "挙動", "機能"].iter().any(|it| text.contains(it));
    let places =
        ["テスト", "ドキュメント", "呼び出し", "参照", "箇所"].iter().any(|it| text.contains(it));
    if (denied && places) || (behaviour && !denied) {
        return false;
    }
    let mut rest = text.replace('\0', "");
    for word in ALONG {
        rest = rest.replace(word, "");
    }
    (places || behaviour) && rest.chars().all(|c| ALIKE.contains(&c))
}
