//! Keys that take one of a few words.

use serde::{Deserialize, Serialize};

macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$inner:meta])* $variant:ident = $text:literal),+ }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$inner])* #[serde(rename = $text)] $variant),+ }

        impl $name {
            /// All of them, by the names that people type.
            pub const ALL: &'static [(&'static str, Self)] = &[$(($text, Self::$variant)),+];
            /// What people type.
            pub(super) const NAMES: &'static [&'static str] = &[$($text),+];
        }
    };
}

choice! {
    /// A language that people read.
    Language {
        /// English.
        #[default]
        English = "en",
        /// Japanese.
        Japanese = "ja"
    }
}
choice! {
    /// Whose programs and libraries the checks find.
    RunnerChoice {
        /// Those of the image that the repository names, else this machine's.
        #[default]
        Auto = "auto",
        /// Those of an image. A repository without one is refused.
        Docker = "docker",
        /// This machine's, whatever the repository names.
        Native = "native"
    }
}
choice! {
    /// What is around the agent, and around checks with this machine's programs.
    CageChoice {
        /// The strongest cage that there is here.
        #[default]
        Auto = "auto",
        /// A cage, and no start without one.
        Sandbox = "sandbox",
        /// None at all.
        Native = "native"
    }
}
choice! {
    /// What builds images for commands that talk to the container engine.
    Builder {
        /// The engine's own, which keeps the limits and can be looked into.
        #[default]
        Classic = "classic",
        /// BuildKit.
        Buildkit = "buildkit"
    }
}
choice! {
    /// Who does a rename that an issue states in full.
    RenameBy {
        /// The worker itself: no model is asked.
        #[default]
        Worker = "worker",
        /// A model, as with everything else.
        Model = "model"
    }
}
choice! {
    /// What becomes of work that could not be made green.
    OnFailure {
        /// A draft pull request, marked as incomplete.
        #[default]
        Draft = "draft",
        /// A branch.
        Branch = "branch",
        /// Nothing is pushed.
        Nothing = "nothing"
    }
}
choice! {
    /// What makes a pull request ready, once its checks are green.
    Ready {
        /// That something which failed before passes now: an example of the issue, or a check.
        #[default]
        Proven = "proven",
        /// Nothing more.
        Green = "green"
    }
}
choice! {
    /// Where jobs may run without a cage, on a machine that has none.
    Native {
        /// Nowhere.
        Never = "never",
        /// In repositories that strangers cannot read.
        #[default]
        Private = "private",
        /// Everywhere.
        Always = "always"
    }
}
choice! {
    /// Which refusals are answered by a comment. All of them are in the audit.
    AnswerRefused {
        /// Every one.
        #[default]
        All = "all",
        /// Those in private repositories: in public ones anyone could make us write.
        Private = "private"
    }
}
choice! {
    /// The form of log lines.
    LogFormat {
        /// Text on a terminal, JSON otherwise.
        #[default]
        Auto = "auto",
        /// For people.
        Text = "text",
        /// For programs.
        Json = "json"
    }
}
