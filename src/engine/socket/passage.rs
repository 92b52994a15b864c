//! A request that may go on, and what has to be looked at before it does.

use serde_json::{Value, json};

use super::Policy;
use super::build::Context;

/// A request in our own words.
#[derive(Clone, Debug, PartialEq)]
pub struct Passage {
    /// Up to the name of the thing that it is about: `/v1.41/containers/`.
    pub(super) before: String,
    /// That name, where there is one; its id, once it was looked at.
    pub(super) subject: String,
    /// What comes after it: `/start?detachKeys=…`.
    pub(super) after: String,
    /// What is sent.
    pub body: Body,
    /// What must be the client's own. Each is asked for, and told to `settle`.
    pub looks: Vec<Look>,
    /// What is done with the answer.
    pub reply: Reply,
    /// How long it may take, and what becomes of the connection.
    pub way: Way,
    /// What was changed of the client's wishes and that it may notice.
    pub changed: Vec<String>,
}

/// What is sent along.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// This.
    Json(Value),
    /// A build's context, which is looked into first.
    Context(Context),
    /// What the client sends, unseen: BuildKit's own streams.
    Unseen,
}

/// What is done with an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reply {
    /// It goes to the client.
    AsItIs,
    /// Only `about_the_engine` goes to the client.
    AboutTheEngine,
}

/// How it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The engine answers soon.
    Quick,
    /// It takes as long as a build, a fetch, or somebody's program.
    Slow,
    /// The connection becomes somebody's input and output.
    Hijack,
}

/// What kind of thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A container.
    Container,
    /// A network.
    Network,
    /// A volume.
    Volume,
    /// An image.
    Image,
    /// A command in a container.
    Exec,
}

/// A thing that is looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    /// Its kind.
    pub kind: Kind,
    /// Its name or id: letters, digits and `._:@/-` only.
    pub name: String,
    pub(super) place: Place,
}

/// Where its id goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// It is the subject.
    Subject,
    /// The image of a container that is made: its volumes are made by us.
    Base,
    /// Into the body, at this pointer, with words before and after it.
    At { pointer: String, before: &'static str, after: String },
    /// Nowhere; only whose it is counts.
    Nowhere,
    /// Nowhere; and nobody's is not enough, as it would be for an image.
    Own,
    /// Nowhere, and it need not be there: it is made along the way, with our labels.
    Made,
}

/// What came of a look.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It is fine.
    Fine,
    /// This has to be looked at as well.
    Also(Look),
    /// It is not there: the answer is 404, with these words.
    NotHere(String),
    /// It is there, and somebody else's: the answer is the same 404.
    NotOurs(String),
    /// It is refused. Says why.
    Refused(String),
}

impl Look {
    pub(super) fn new(kind: Kind, name: &str, place: Place) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "._:@/-".contains(c);
        let parts = name.split('/').all(|it| !matches!(it, "" | "." | ".."));
        let slash = kind == Kind::Image || !name.contains('/');
        if name.is_empty() || name.len() > 512 || !name.chars().all(plain) || !parts || !slash {
            let name: String = name.chars().take(80).collect();
            return Err(format!("`{}` is not the name of a {}", name.escape_debug(), kind.word()));
        }
        Ok(Self { kind, name: name.to_owned(), place })
    }

    /// A volume, by its name.
    ///
    /// # Errors
    /// When this cannot be the name of one.
    pub fn volume(name: &str) -> Result<Self, String> {
        Self::new(Kind::Volume, name, Place::Nowhere)
    }

    /// Where the engine tells about it.
    pub fn target(&self) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Container => format!("/containers/{name}/json"),
            Kind::Network => format!("/networks/{name}"),
            Kind::Volume => format!("/volumes/{name}"),
            Kind::Image => format!("/images/{name}/json"),
            Kind::Exec => format!("/exec/{name}/json"),
        }
    }

    fn not_here(&self) -> String {
        let name = &self.name;
        match self.kind {
            Kind::Container => format!("No such container: {name}"),
            Kind::Network => format!("network {name} not found"),
            Kind::Volume => format!("get {name}: no such volume"),
            Kind::Image => format!("No such image: {name}"),
            Kind::Exec => format!("No such exec instance: {name}"),
        }
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Container => "container",
            Self::Network => "network",
            Self::Volume => "volume",
            Self::Image => "image",
            Self::Exec => "command in a container",
        }
    }
}

impl Passage {
    pub(super) fn new(target: String) -> Self {
        Self {
            before: target,
            subject: String::new(),
            after: String::new(),
            body: Body::Empty,
            looks: Vec::new(),
            reply: Reply::AsItIs,
            way: Way::Quick,
            changed: Vec::new(),
        }
    }

    /// Where it goes.
    pub fn target(&self) -> String {
        format!("{}{}{}", self.before, self.subject, self.after)
    }

    /// Judges what a look has found (`None`: the engine has no such thing), and from then on means
    /// the very thing that was seen, by its id.
    pub fn settle(&mut self, policy: &Policy, look: &Look, found: Option<&Value>) -> Settled {
        let Some(found) = found else {
            return match look.place {
                Place::Made => Settled::Fine,
                _ => Settled::NotHere(look.not_here()),
            };
        };
        let own = match look.kind {
            Kind::Container => policy.owns(found.pointer("/Config/Labels")),
            Kind::Network | Kind::Volume => policy.owns(found.get("Labels")),
            Kind::Image if look.place == Place::Own => policy.owns(found.pointer("/Config/Labels")),
            Kind::Image => policy.may_use_image(found.pointer("/Config/Labels")),
            Kind::Exec => return self.settle_exec(look, found),
        };
        if !own {
            return match look.place {
                Place::Made => Settled::Refused(format!(
                    "the {} `{}` is somebody else's; choose another name",
                    look.kind.word(),
                    look.name
                )),
                _ => Settled::NotOurs(look.not_here()),
            };
        }
        let internal = found.get("Internal").and_then(Value::as_bool).unwrap_or(false);
        if look.kind == Kind::Network && !policy.network && !internal {
            return Settled::Refused(format!(
                "the network `{}` leads outside, and checks run without the network",
                look.name
            ));
        }
        if look.kind == Kind::Volume && has_options(found) {
            return Settled::Refused(format!("the volume `{}` has options of a driver", look.name));
        }
        self.means(policy, look, found)
    }

    fn settle_exec(&mut self, look: &Look, found: &Value) -> Settled {
        let id = found.get("ContainerID").and_then(Value::as_str).unwrap_or_default();
        match Look::new(Kind::Container, id, Place::Nowhere) {
            Ok(container) => Settled::Also(container),
            Err(_) => Settled::NotHere(look.not_here()),
        }
    }

    fn means(&mut self, policy: &Policy, look: &Look, found: &Value) -> Settled {
        let id = found.get("Id").and_then(Value::as_str).filter(|it| !it.is_empty());
        match (&look.place, id) {
            (Place::Subject, Some(id)) => self.subject = id.to_owned(),
            (Place::At { pointer, before, after }, Some(id)) => {
                if let Body::Json(body) = &mut self.body
                    && let Some(place) = body.pointer_mut(pointer)
                {
                    *place = format!("{before}{id}{after}").into();
                }
            }
            (Place::Base, _) => self.make_volumes(policy, found),
            _ => (),
        }
        Settled::Fine
    }

    /// The engine makes the volumes that an image asks for without a label: we ask for them.
    fn make_volumes(&mut self, policy: &Policy, image: &Value) {
        let Body::Json(body) = &mut self.body else { return };
        let Some(wanted) = image.pointer("/Config/Volumes").and_then(Value::as_object) else {
            return;
        };
        if body.pointer("/HostConfig/VolumesFrom").is_some() {
            return; // Whatever lies there comes from the other container, which is labelled.
        }
        let clean = |path: &str| path.trim_end_matches('/').to_owned();
        let targets = body.pointer("/HostConfig/Mounts").and_then(Value::as_array);
        let mut there: Vec<String> = targets
            .into_iter()
            .flatten()
            .filter_map(|it| it.get("Target").and_then(Value::as_str).map(clean))
            .collect();
        let tmpfs = body.pointer("/HostConfig/Tmpfs").and_then(Value::as_object);
        there.extend(tmpfs.into_iter().flat_map(|it| it.keys().map(|it| clean(it))));
        let labels = policy.labelled(Value::Null, "").unwrap_or_default();
        let Some(mounts) = body.pointer_mut("/HostConfig/Mounts").and_then(Value::as_array_mut)
        else {
            return;
        };
        for target in wanted.keys().filter(|it| !there.contains(&clean(it))) {
            mounts.push(json!({
                "Type": "volume", "Target": target, "VolumeOptions": {"Labels": labels},
            }));
        }
    }
}

fn has_options(volume: &Value) -> bool {
    let local = volume.get("Driver").and_then(Value::as_str).is_none_or(|it| it == "local");
    !local || volume.get("Options").is_some_and(|it| !super::taken::is_nothing(it))
}
