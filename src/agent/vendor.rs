//! Where the hosted models live: which host a model's name means, as litellm (behind Aider) reads
//! it. What is not here, the operator names in `aider.hosts`.

use url::{Host, Url};

/// By what stands before the first slash.
const BY_PREFIX: [(&str, &str); 22] = [
    ("anthropic", "api.anthropic.com"),
    ("cerebras", "api.cerebras.ai"),
    ("codestral", "codestral.mistral.ai"),
    ("cohere", "api.cohere.com"),
    ("cohere_chat", "api.cohere.com"),
    ("deepinfra", "api.deepinfra.com"),
    ("deepseek", "api.deepseek.com"),
    ("fireworks_ai", "api.fireworks.ai"),
    ("gemini", "generativelanguage.googleapis.com"),
    ("github", "models.inference.ai.azure.com"),
    ("groq", "api.groq.com"),
    ("huggingface", "router.huggingface.co"),
    ("mistral", "api.mistral.ai"),
    ("moonshot", "api.moonshot.ai"),
    ("nvidia_nim", "integrate.api.nvidia.com"),
    ("openai", "api.openai.com"),
    ("openrouter", "openrouter.ai"),
    ("perplexity", "api.perplexity.ai"),
    ("sambanova", "api.sambanova.ai"),
    ("together_ai", "api.together.xyz"),
    ("xai", "api.x.ai"),
    ("zai", "api.z.ai"),
];

/// By how a name without a slash begins, Aider's own short names among them.
const BY_START: [(&str, &str); 20] = [
    ("claude", "api.anthropic.com"),
    ("sonnet", "api.anthropic.com"),
    ("opus", "api.anthropic.com"),
    ("haiku", "api.anthropic.com"),
    ("gpt-", "api.openai.com"),
    ("chatgpt-", "api.openai.com"),
    ("o1", "api.openai.com"),
    ("o3", "api.openai.com"),
    ("o4", "api.openai.com"),
    ("3", "api.openai.com"),
    ("4", "api.openai.com"),
    ("deepseek", "api.deepseek.com"),
    ("r1", "api.deepseek.com"),
    ("gemini", "generativelanguage.googleapis.com"),
    ("flash", "generativelanguage.googleapis.com"),
    ("grok", "api.x.ai"),
    ("mistral", "api.mistral.ai"),
    ("codestral", "codestral.mistral.ai"),
    ("quasar", "openrouter.ai"),
    ("optimus", "openrouter.ai"),
];

/// The vendor's host, if the name tells it.
pub(super) fn host_of(model: &str) -> Option<&'static str> {
    let model = model.to_ascii_lowercase();
    let known = match model.split_once('/') {
        Some((prefix, _)) => BY_PREFIX.iter().find(|(it, _)| *it == prefix),
        None => BY_START.iter().find(|(it, _)| model.starts_with(it)),
    };
    known.map(|(_, host)| *host)
}

/// The host that a variable such as `OPENAI_API_BASE` names; whoever sets it means it.
pub(super) fn host_in(name: &str, value: &str) -> Option<String> {
    let names_a_base = ["_API_BASE", "_BASE_URL", "_API_URL"].iter().any(|it| name.ends_with(it));
    let url = Url::parse(value).ok().filter(|it| names_a_base && it.scheme() == "https")?;
    match url.host()? {
        Host::Domain(host) => Some(host.to_owned()),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_models_name_tells_its_vendor() {
        for (model, host) in [
            ("gemini/gemini-2.5-flash", Some("generativelanguage.googleapis.com")),
            ("gpt-4o", Some("api.openai.com")),
            ("openai/gpt-5", Some("api.openai.com")),
            ("claude-sonnet-4-5", Some("api.anthropic.com")),
            ("sonnet", Some("api.anthropic.com")),
            ("openrouter/anthropic/claude-3", Some("openrouter.ai")),
            ("OpenRouter/x", Some("openrouter.ai")),
            ("evil/gpt-4o", None),
            ("my-model", None),
            ("", None),
        ] {
            assert_eq!(host_of(model), host, "{model}");
        }
    }

    #[test]
    fn an_address_that_the_operator_set_is_one_that_is_meant() {
        let base = |name, value| host_in(name, value);
        let told = base("OPENAI_API_BASE", "https://llm.example.org/v1");
        assert_eq!(told.as_deref(), Some("llm.example.org"));
        assert_eq!(base("OPENAI_API_BASE", "http://llm.example.org/v1"), None);
        assert_eq!(base("OPENAI_API_BASE", "https://10.0.0.1/v1"), None);
        assert_eq!(base("OPENAI_API_KEY", "https://llm.example.org"), None);
    }
}
