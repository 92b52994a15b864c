//! Edits as people and models write them, in many languages, made from templates. Among them are
//! things that look like secrets and are none, and scripts that need invisible characters.

use super::Random;

/// Files, with places that are filled in differently each time.
const FILES: [(&str, &str); 16] = [
    (
        "src/@w.py",
        "import hashlib\nfrom typing import Any\n\n# @c\nclass @W:\n    \"\"\"@c\"\"\"\n\n    def __init__(self, token: str, api_key: str | None = None) -> None:\n        self.token = token or os.environ[\"@E\"]\n        self.secret = config.get(\"@w_secret\")\n\n    def @w(self, password: str) -> bool:\n        digest = hashlib.sha256(password.encode()).hexdigest()\n        return digest == \"@h\"\n",
    ),
    (
        "tests/test_@w.py",
        "import pytest\n\n# @c\n@pytest.fixture\ndef token():\n    return \"@t\"\n\n\ndef test_@w(client, token):\n    client.login(\"user@example.com\", password=\"@p\")\n    assert client.get(\"/@w\", headers={\"Authorization\": f\"Bearer {token}\"}).status == 200\n    assert client.etag == \"@h\"\n    assert client.id == \"@u\"\n",
    ),
    (
        "lib/@w.js",
        "'use strict';\nconst crypto = require('crypto');\n\n// @c\nconst token = process.env.@E || '';\nconst icon = 'data:image/png;base64,@b';\n\nmodule.exports = function @w(password, { secretKey = null } = {}) {\n  if (!password) throw new Error('@c');\n  return fetch(`https://${user}:${password}@api.acme.io/@w?token=${token}`);\n};\n",
    ),
    (
        "src/@w.ts",
        "import { Token } from './token';\n\n/** @c */\nexport interface @WOptions {\n  accessToken: string;\n  clientSecret?: string;\n  passwordField: 'password' | 'passphrase';\n}\n\nexport const @w = async ({ accessToken }: @WOptions): Promise<string> => {\n  const key = `@w:${accessToken.slice(0, 8)}`;\n  return cache.get(key) ?? '@u';\n};\n",
    ),
    (
        "src/@w.rs",
        "//! @c\nuse std::env;\n\npub struct @W {\n    token: SecretString,\n    private_key: Option<PathBuf>,\n}\n\nimpl @W {\n    pub fn new(token: &str) -> Self {\n        let digest = \"sha256:@h\";\n        Self { token: token.into(), private_key: None }\n    }\n}\n\n#[test]\nfn @w_is_known() {\n    assert_eq!(id(), \"@u\"); // @c\n}\n",
    ),
    (
        "cmd/@w/main.go",
        "package main\n\nimport \"os\"\n\n// @W @c\ntype @W struct {\n\tToken    string `json:\"token\"`\n\tPassword string `json:\"password,omitempty\"`\n}\n\nfunc new@W() *@W {\n\treturn &@W{Token: os.Getenv(\"@E\"), Password: \"\"}\n}\n\nconst commit = \"@s\"\n",
    ),
    (
        "src/@w.c",
        "#include <stdio.h>\n\n/* @c */\nstatic const unsigned char table[] = { 0x67, 0x68, 0x70, 0x5f, 0x30, 0x31, 0x32 };\nstatic const char *password_prompt = \"Password for %s: \";\n\nint @w(const char *token, size_t length) {\n    if (token == NULL || length < 8) return -1;\n    return strcmp(token, \"@w_token\");\n}\n",
    ),
    (
        "src/main/java/@W.java",
        "package io.acme;\n\n/** @c */\npublic final class @W {\n  private static final String TOKEN_HEADER = \"X-@W-Token\";\n  private final String apiKey;\n\n  @Value(\"${acme.api-key}\")\n  public @W(String apiKey) { this.apiKey = apiKey; }\n\n  static final long serialVersionUID = 4712309481230948123L;\n}\n",
    ),
    (
        "package-lock.json",
        "{\n  \"name\": \"@w\",\n  \"lockfileVersion\": 3,\n  \"packages\": {\n    \"node_modules/@w\": {\n      \"version\": \"1.2.3\",\n      \"resolved\": \"https://packages.example/@w/-/@w-1.2.3.tgz\",\n      \"integrity\": \"sha512-@B==\"\n    },\n    \"node_modules/js-tokens\": {\n      \"version\": \"4.0.0\",\n      \"integrity\": \"sha512-@B==\"\n    }\n  }\n}\n",
    ),
    (
        "Cargo.lock",
        "[[package]]\nname = \"@w\"\nversion = \"1.2.3\"\nsource = \"registry+https://packages.example/index\"\nchecksum = \"@h\"\n\n[[package]]\nname = \"secret-service\"\nversion = \"4.0.0\"\nchecksum = \"@h\"\n",
    ),
    ("go.sum", "github.com/@w/token v1.2.3 h1:@k=\ngithub.com/@w/token v1.2.3/go.mod h1:@k=\n"),
    (
        "deploy/@w.yml",
        "# @c\nenv:\n  DATABASE_URL: postgres://app:app@db:5432/app\n  API_TOKEN: ${{ secrets.@E }}\n  PASSWORD:\n    valueFrom:\n      secretKeyRef: {name: @w-secrets, key: password}\nimage: acme/@w@sha256:@h\n",
    ),
    (
        "locales/fa.json",
        "{\n  \"title\": \"می\u{200c}خواهم نرم\u{200c}افزار\",\n  \"password\": \"گذرواژه\u{200c}ها\",\n  \"id\": \"@u\"\n}\n",
    ),
    (
        "docs/@w.md",
        "# @W 🚀 👩\u{200d}💻\n\n@c\n\n```sh\nexport @E=<your-token>\ncurl -H \"Authorization: Bearer $@E\" https://user:password@api.example.com/@w\n```\n\n| commit | digest |\n|---|---|\n| @s | `@h` |\n\nAWS: `AKIAIOSFODNN7EXAMPLE`, GitHub: `ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`.\n",
    ),
    (
        "dist/@w.min.js",
        "!function(e,t){\"object\"==typeof exports?module.exports=t():e.@W=t()}(this,function(){var e=\"@b\",n={token:1,secret:e};return{a:function(r){return n[r]||\"@s\"},password:function(t){return t.length>8}}});\n",
    ),
    (
        "migrations/@w.sql",
        "-- @c\nCREATE TABLE @w (id uuid PRIMARY KEY DEFAULT '@u', password_hash text NOT NULL, token_id bigint);\nINSERT INTO @w VALUES ('@u', '$2b$12$@q', 42);\n",
    ),
];

const WORDS: [&str; 14] = [
    "token",
    "secret",
    "password",
    "session",
    "invoice",
    "parser",
    "cache",
    "oauth2",
    "api_key",
    "access_token",
    "report",
    "user_credentials",
    "crypto",
    "export",
];
const COMMENTS: [&str; 12] = [
    "合計が間違っています。パスワードは 8 文字以上です（トークンも）。",
    "絵文字 🎉 ❤\u{fe0f}\u{200d}🔥 👨\u{200d}👩\u{200d}👧 と 葛\u{e0100}飾区",
    "See https://docs.acme.io/guide/tokens#how-to-get-an-api-key-2024 for the token",
    "Fixes #1234: the token was not refreshed (see 3f9a1c0e7b2d4586af01c9d3e2b47a60af01c9d3)",
    "password: at least 12 characters, one digit; secret = anything that is not public",
    "שלום\u{200f} — naïve café, “quotes”, ½ × 3 ≠ 1\u{a0}%",
    "TODO(token): read `API_KEY` from the environment, never from a file",
    "हिन्दी क्\u{200d}ष และ ภาษา\u{200b}ไทย",
    "-----BEGIN PRIVATE KEY----- marks the beginning of a key",
    "id 123e4567-e89b-42d3-a456-426614174000, build 20240131.17, v2.0.0-rc.1+build.5",
    "Bearer tokens look like eyJhbGciOi… and end after an hour",
    "see sk-… and ghp_… in the vendor's pages: both are prefixes",
];

/// A path, its text before, and now.
pub(super) fn edit(random: &mut Random) -> (String, Option<String>, String) {
    let (path, template) = FILES[random.below(FILES.len())];
    let word = random.of(&WORDS);
    let path = path.replace("@w", word).replace("@W", &camel(word));
    let new = filled(random, template, word);
    // A new file, one that was written a little differently, or one that grows at its end.
    let old = match random.below(3) {
        0 => None,
        1 => Some(filled(random, template, word)),
        _ => Some(new.lines().take(3).flat_map(|it| [it, "\n"]).collect()),
    };
    (path, old, new)
}

fn filled(random: &mut Random, template: &str, word: &str) -> String {
    let (mut out, mut rest) = (String::new(), template);
    while let Some(at) = rest.find('@') {
        out.push_str(&rest[..at]);
        let mark = rest[at + 1..].chars().next().unwrap_or(' ');
        let known = match mark {
            'w' => Some(word.to_owned()),
            'W' => Some(camel(word)),
            'E' => Some(format!("{}_TOKEN", word.to_uppercase())),
            'c' => Some(random.of(&COMMENTS).to_owned()),
            'h' => Some(run(random, "0123456789abcdef", 64)),
            's' => Some(run(random, "0123456789abcdef", 40)),
            'u' => Some(uuid(random)),
            'b' => Some(run(random, BASE64, 120 + random_length(word))),
            'B' => Some(run(random, BASE64, 86)),
            'k' => Some(run(random, BASE64, 43)),
            'q' => Some(run(random, &BASE64[..62], 53)),
            't' => Some(
                random.of(&["test-token", "abc123", "secret-token-1", "t0k3n", "x"]).to_owned(),
            ),
            'p' => Some(
                random.of(&["hunter2", "correct horse", "p4ssw0rd!", "test1234", ""]).to_owned(),
            ),
            _ => None,
        };
        // `user@example.com`, `@pytest.fixture` and their like are as they are.
        let next = rest[at + 1..].chars().nth(1).unwrap_or(' ');
        let standalone = !next.is_ascii_lowercase() || matches!(mark, 'w' | 'W');
        match known.filter(|_| standalone) {
            Some(text) => {
                out.push_str(&text);
                rest = &rest[at + 2..];
            }
            None => {
                out.push('@');
                rest = &rest[at + 1..];
            }
        }
    }
    out.push_str(rest);
    out
}

const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn random_length(word: &str) -> usize {
    word.len() * 7 % 60
}

fn run(random: &mut Random, letters: &str, length: usize) -> String {
    let letters = letters.as_bytes();
    (0..length).map(|_| char::from(letters[random.below(letters.len())])).collect()
}

fn uuid(random: &mut Random) -> String {
    let parts = [8, 4, 4, 4, 12].map(|it| run(random, "0123456789abcdef", it));
    parts.join("-")
}

fn camel(word: &str) -> String {
    let upper = |part: &str| {
        let mut letters = part.chars();
        letters
            .next()
            .map(|it| it.to_ascii_uppercase())
            .into_iter()
            .chain(letters)
            .collect::<String>()
    };
    word.split('_').map(upper).collect()
}
