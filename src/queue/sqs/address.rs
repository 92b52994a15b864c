//! Where a queue is: its URL, and what can be read from it.

use std::net::IpAddr;

use reqwest::Url;

use crate::queue::QueueError;

/// A queue's address, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    url: String,
    name: String,
    origin: String,
    region: Option<String>,
    aws: bool,
}

impl Address {
    /// Reads a queue URL as AWS shows it: `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`.
    pub(super) fn parse(text: &str) -> Result<Self, QueueError> {
        let wrong = |why: &str| {
            QueueError::Refused(format!(
                "sqs.queue_url `{text}` {why}: expected https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, \
                 as `aws sqs get-queue-url --queue-name NAME` prints it"
            ))
        };
        let url = Url::parse(text.trim()).map_err(|_| wrong("is no URL"))?;
        let host = url.host_str().unwrap_or_default().to_owned();
        if host.is_empty() || !matches!(url.scheme(), "https" | "http") {
            return Err(wrong("is no web address"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(QueueError::Refused("sqs.queue_url has a user in it: leave it out".into()));
        }
        let name = url.path().rsplit('/').next().unwrap_or_default().to_owned();
        if name.is_empty() {
            return Err(wrong("names no queue"));
        }
        if name.ends_with(".fifo") {
            return Err(QueueError::Refused(format!(
                "`{name}` is a FIFO queue, which would hold back every task behind a long one: \
                 make a standard queue"
            )));
        }
        Ok(Self {
            url: text.trim().to_owned(),
            name,
            origin: url.origin().ascii_serialization(),
            region: region_of(&host),
            aws: host.ends_with(".amazonaws.com") || host.ends_with(".amazonaws.com.cn"),
        })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The region that the URL names. No other can work for it.
    pub(super) fn region(&self) -> Option<&str> {
        self.region.as_deref()
    }

    /// Where to send requests: what the operator chose, else the URL's own host when it is none
    /// of AWS's (an emulator), else `None`, by which the SDK finds AWS.
    pub(super) fn endpoint(
        &self,
        option: Option<String>,
        chain: Option<String>,
    ) -> Result<Option<String>, QueueError> {
        let own = || (!self.aws).then(|| self.origin.clone());
        let Some(endpoint) = option.or(chain).or_else(own) else {
            return Ok(None);
        };
        let url = Url::parse(&endpoint)
            .map_err(|_| QueueError::Refused(format!("the SQS endpoint `{endpoint}` is no URL")))?;
        match url.scheme() {
            "https" => Ok(Some(endpoint)),
            "http" if is_loopback(&url) => Ok(Some(endpoint)),
            "http" => Err(QueueError::Refused(format!(
                "the SQS endpoint `{endpoint}` is plain http, by which anybody on the way reads \
                 the tasks: use https, or an address of this machine such as http://127.0.0.1:4566"
            ))),
            _ => Err(QueueError::Refused(format!(
                "the SQS endpoint `{endpoint}` is neither https nor http"
            ))),
        }
    }
}

/// An address that never leaves this machine. Names are not looked up: only `localhost` counts.
fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The region in one of AWS's host names, old forms and private endpoints included.
fn region_of(host: &str) -> Option<String> {
    let rest = host.strip_suffix(".amazonaws.com").or(host.strip_suffix(".amazonaws.com.cn"))?;
    let labels: Vec<&str> = rest.split('.').collect();
    let region = match labels.as_slice() {
        ["queue"] => "us-east-1",
        [region, "queue"] => region,
        [.., "sqs" | "sqs-fips", region] | [.., "sqs", region, "vpce"] => region,
        _ => return None,
    };
    Some(region.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKYO: &str = "https://sqs.ap-northeast-1.amazonaws.com/123456789012/tasks";

    #[test]
    fn the_region_is_read_from_every_form_that_aws_uses() {
        for (host, region) in [
            ("sqs.ap-northeast-1.amazonaws.com", Some("ap-northeast-1")),
            ("sqs-fips.us-east-2.amazonaws.com", Some("us-east-2")),
            ("us-west-2.queue.amazonaws.com", Some("us-west-2")),
            ("queue.amazonaws.com", Some("us-east-1")),
            ("vpce-1a.sqs.eu-west-1.vpce.amazonaws.com", Some("eu-west-1")),
            ("sqs.cn-north-1.amazonaws.com.cn", Some("cn-north-1")),
            ("127.0.0.1", None),
            ("sqs.eu-west-1.example.com", None),
        ] {
            assert_eq!(region_of(host).as_deref(), region, "{host}");
        }
    }

    #[test]
    fn what_is_no_queue_url_is_refused_with_an_example() {
        for text in ["", "tasks", "ftp://sqs.eu-west-1.amazonaws.com/1/tasks", "https://sqs.x.y/"] {
            let said = Address::parse(text).unwrap_err().to_string();
            assert!(said.contains("expected https://sqs.REGION"), "{text}: {said}");
        }
        let said = Address::parse(&format!("{TOKYO}.fifo")).unwrap_err().to_string();
        assert!(said.contains("`tasks.fifo` is a FIFO queue"), "{said}");
    }

    #[test]
    fn aws_itself_needs_no_endpoint_and_an_emulator_is_its_own() {
        let aws = Address::parse(TOKYO).unwrap();
        assert_eq!(aws.endpoint(None, None).unwrap(), None);
        let local = Address::parse("http://127.0.0.1:4566/000000000000/tasks").unwrap();
        assert_eq!(local.endpoint(None, None).unwrap().as_deref(), Some("http://127.0.0.1:4566"));
        let chain = Some("http://localhost:9324".to_owned());
        assert_eq!(local.endpoint(None, chain.clone()).unwrap(), chain);
        let option = Some("http://[::1]:1".to_owned());
        assert_eq!(local.endpoint(option.clone(), chain).unwrap(), option);
    }

    #[test]
    fn plain_http_never_leaves_this_machine() {
        let aws = Address::parse(TOKYO).unwrap();
        for endpoint in [
            "http://sqs.eu-west-1.amazonaws.com",
            "http://10.0.0.7:4566",
            "http://localhost.example.com",
            "http://127.0.0.1.example.com",
        ] {
            let said = aws.endpoint(Some(endpoint.into()), None).unwrap_err().to_string();
            assert!(said.contains("is plain http"), "{said}");
        }
        let url = Address::parse("http://queue.example.com/1/tasks").unwrap();
        assert!(url.endpoint(None, None).is_err());
    }
}
