//! The agent and the model.

use super::Trouble;

/// What is said, why, and what to do about it.
pub(super) const ENTRIES: &[Trouble] = &[
    Trouble {
        id: "agent-not-started",
        says: &["the agent could not be started: …", "; install it with", "…: only ….x was tried"],
        cause: "Aider is not installed, is not on the PATH of the service, or is of another \
                version.",
        remedy: "`uv tool install --python 3.12 aider-chat==0.86.2`, then set `aider.bin_path` \
                 to what `command -v aider` says.",
        told: false,
    },
    Trouble {
        id: "agent-stopped",
        says: &[
            "the agent was stopped",
            "the command was stopped",
            "`…` was stopped",
            "stopped",
            "the worker is stopping",
        ],
        cause: "Somebody said `codingworker cancel`, or the worker was told to stop. Its \
                children are ended with it.",
        remedy: "Nothing: a job that was under way goes on at the next start.",
        told: false,
    },
    Trouble {
        id: "model-away",
        says: &[
            "Ollama at … …: start it with `ollama serve`, or set `ollama.host`",
            ": start it with",
        ],
        cause: "Nothing that talks like Ollama answers at that address. In a container, \
                127.0.0.1 is the container itself.",
        remedy: "Start Ollama, or set `ollama.host`; from a container, \
                 http://host.docker.internal:11434. Jobs wait meanwhile.",
        told: true,
    },
    Trouble {
        id: "model-busy",
        says: &["the model … is not asked until …, as …"],
        cause: "The model's server turned a job away: it is busy, limits how often it is asked, \
                is out of memory, or a quota is used up.",
        remedy: "Nothing, as a rule: jobs go on by themselves at that time, the oldest first, and \
                 `codingworker queue` shows how many wait. Where memory is short, take a smaller \
                 model or `num_ctx`; where a quota is used up, raise it.",
        told: true,
    },
    Trouble {
        id: "answer-without-the-function",
        says: &[
            "the answer has no block of code",
            "the answer defines none of …",
            "the code of the answer does not parse: line … of it",
            "the answer changes the head of …, and others call that as it is",
            "the answer has the line again that the build refused: …",
        ],
        cause: "A small model was asked for functions, and its answer has none that fits.",
        remedy: "Nothing: it is asked anew, warmer or for another place. Where it happens all the \
                 time, take a larger model.",
        told: true,
    },
    Trouble {
        id: "definition-without-ollama",
        says: &["`edit_format`: definition is for Ollama's models, and `…` is none"],
        cause: "`edit_format: definition` is set for a model that is not asked through Ollama.",
        remedy: "Leave `edit_format` out, or set `whole` or `diff`.",
        told: true,
    },
    Trouble {
        id: "editor-of-a-model",
        says: &[
            "`editor`: `…` is no other model of `aider.models`",
            "`editor`: both models have to be Ollama's, and `…` is none",
            "`editor`: a model with `edit_format: definition` writes itself",
        ],
        cause: "`editor` names the model that writes into files what another one says in words, and \
                this one cannot.",
        remedy: "Name another model of `aider.models` as it stands there, both with \
                 `ollama_chat/` before the name; or leave `editor` out.",
        told: true,
    },
    Trouble {
        id: "model-missing",
        says: &["the model … is not there: type `…`", "…: Ollama does not have it"],
        cause: "Ollama answers and does not have the model.",
        remedy: "`ollama pull NAME`. A job that waits for it then goes on by itself.",
        told: true,
    },
    Trouble {
        id: "model-address",
        says: &["`…` is no address of an Ollama server: …; write it like …"],
        cause: "OLLAMA_HOST or `ollama.host` cannot be read as an address.",
        remedy: "Write http://HOST:PORT.",
        told: true,
    },
    Trouble {
        id: "model-key",
        says: &["…: not Ollama's, and `aider.env` has no key for it"],
        cause: "A hosted model needs a key, and nothing but `aider.env` reaches Aider.",
        remedy: "`aider: {env: {GEMINI_API_KEY: \"${GEMINI_API_KEY}\"}}`, and `aider.hosts` \
                 where the provider is not a known one.",
        told: false,
    },
    Trouble {
        id: "model-context",
        says: &["…: reads … tokens, and num_ctx is …"],
        cause: "The model was made for fewer tokens than it is asked to read: it forgets the \
                beginning of the prompt.",
        remedy: "Set `num_ctx` of this model to what it was made for, or take another model.",
        told: false,
    },
    Trouble {
        id: "models-changed",
        says: &["the configured models changed while the job was under way: run it again"],
        cause: "A job that was under way names a model that `aider.models` has no more.",
        remedy: "`codingworker retry ID`.",
        told: true,
    },
];
