//! What a worker does with another configuration while it works.

use secrecy::{ExposeSecret, SecretString};

use super::{Config, KEYS, reloadable};

impl Config {
    /// The keys that are set otherwise in `newer` and that only the next start brings into force.
    pub fn needs_restart(&self, newer: &Self) -> Vec<&'static str> {
        let sent = |it: &Self| it.otel.headers.values().map(revealed).collect::<Vec<_>>();
        let hidden = |key: &str| match key {
            "github.token" => {
                self.github.token.as_ref().map(revealed)
                    != newer.github.token.as_ref().map(revealed)
            }
            "store.url" | "store.password" => {
                let password = |it: &Self| Some(revealed(&it.store.address.as_ref()?.password()?));
                password(self) != password(newer)
            }
            "otel.headers" => sent(self) != sent(newer),
            _ => false,
        };
        let value = |of: &Self, key: &str| {
            let setting = of.settings.iter().find(|it| it.key == key);
            setting.map(|it| it.value.clone())
        };
        KEYS.iter()
            .filter(|it| !it.reloadable)
            .map(|it| it.name)
            .filter(|key| value(self, key) != value(newer, key) || hidden(key))
            .collect()
    }

    /// What a worker that runs by `running` does with this newer configuration: the keys that only
    /// the next start brings into force stay as they are. Names those of them that differ.
    pub fn following(mut self, running: &Self) -> (Self, Vec<&'static str>) {
        let held = running.needs_restart(&self);
        self.worker.worker_id.clone_from(&running.worker.worker_id);
        self.worker.state_dir.clone_from(&running.worker.state_dir);
        self.store = running.store.clone();
        self.sqs = running.sqs.clone();
        self.github = running.github.clone();
        self.aider.bin_path.clone_from(&running.aider.bin_path);
        self.cage.level = running.cage.level;
        self.docker.image.clone_from(&running.docker.image);
        self.http = running.http.clone();
        self.otel = running.otel.clone();
        self.log.format = running.log.format;
        for setting in self.settings.iter_mut().filter(|it| !reloadable(it.key)) {
            if let Some(old) = running.settings.iter().find(|it| it.key == setting.key) {
                *setting = old.clone();
            }
        }
        (self, held)
    }
}

fn revealed(secret: &SecretString) -> String {
    secret.expose_secret().to_owned()
}
