//! The table of formats. Each is what its vendor documents; the comment says where.

use super::Class::{Base64, Dash, Digit, Dot, Hex, Letter, Lower, Tilde, Under, Upper, Word};
use super::Part::{Lit, Run};
use super::{Class, Format, Part};

const fn of(kind: &'static str, anchors: &'static [&'static str], rest: &'static [Part]) -> Format {
    Format { kind, lead: None, anchors, rest }
}

const fn after(
    lead: (Class, usize, usize),
    kind: &'static str,
    anchors: &'static [&'static str],
    rest: &'static [Part],
) -> Format {
    Format { kind, lead: Some(lead), anchors, rest }
}

/// Signed with a key that the text does not tell: in tests, anyone's.
pub(in crate::engine::gate) const JSON_WEB_TOKEN: &str = "JSON Web Token";

/// Each kind once or more: a vendor has several.
pub(in crate::engine::gate) const KINDS: &[Format] = &[
    // docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-prefixes
    of("AWS access key", &["AKIA", "ASIA", "ABIA", "ACCA"], &[Run(Upper, 16, 16)]),
    // docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html
    of("Amazon Bedrock API key", &["ABSKQmVkcm9ja0FQSUtleS"], &[Run(Base64, 60, 250)]),
    // github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats
    of("GitHub token", &["ghp_", "gho_", "ghu_", "ghs_", "ghr_"], &[Run(Dot, 36, 1_000)]),
    of("GitHub token", &["github_pat_"], &[Run(Under, 60, 255)]),
    // docs.gitlab.com/security/tokens/#token-prefixes
    of(
        "GitLab token",
        &[
            "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-",
            "glagent-", "gloas-", "glffct-", "glrtr-",
        ],
        &[Run(Dot, 20, 300)],
    ),
    of("GitLab token", &["GR1348941"], &[Run(Dash, 20, 20)]),
    // docs.slack.dev/authentication/tokens
    of(
        "Slack token",
        &["xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-"],
        &[Run(Dash, 24, 300)],
    ),
    of("Slack token", &["xoxe.xoxp-", "xoxe.xoxb-", "xoxe-"], &[Run(Dash, 40, 400)]),
    of("Slack token", &["xapp-"], &[Run(Digit, 1, 2), Lit("-"), Run(Dash, 40, 300)]),
    // docs.slack.dev/messaging/sending-messages-using-incoming-webhooks
    of(
        "Slack webhook",
        &["hooks.slack.com/services/", "hooks.slack.com/workflows/"],
        &[Run(Upper, 8, 12), Lit("/"), Run(Upper, 8, 14), Lit("/"), Run(Word, 20, 44)],
    ),
    // docs.stripe.com/keys, docs.stripe.com/webhooks#verify-events
    of(
        "Stripe key",
        &["sk_live_", "rk_live_", "sk_test_", "rk_test_", "sk_org_", "sk_prod_"],
        &[Run(Word, 16, 250)],
    ),
    of("Stripe webhook secret", &["whsec_"], &[Run(Base64, 24, 100)]),
    // cloud.google.com/docs/authentication/api-keys, developers.google.com/identity/protocols/oauth2
    of("Google API key", &["AIza"], &[Run(Dash, 35, 35)]),
    of("Google OAuth secret", &["GOCSPX-"], &[Run(Dash, 28, 28)]),
    of("Google access token", &["ya29."], &[Run(Dash, 50, 1_000)]),
    of("Google refresh token", &["1//0"], &[Run(Dash, 60, 200)]),
    // learn.microsoft.com/azure/storage/common/storage-account-keys-manage
    of("Azure storage key", &["AccountKey="], &[Run(Base64, 86, 86), Lit("==")]),
    // learn.microsoft.com/azure/service-bus-messaging/service-bus-sas
    of("Azure shared access key", &["SharedAccessKey="], &[Run(Base64, 43, 43), Lit("=")]),
    // learn.microsoft.com/purview/sit-defn-azure-ad-client-secret
    after((Tilde, 4, 4), "Microsoft Entra client secret", &["Q~"], &[Run(Tilde, 31, 34)]),
    // learn.microsoft.com/azure/devops/organizations/accounts/use-personal-access-tokens-to-authenticate
    after((Word, 76, 76), "Azure DevOps token", &["AZDO"], &[Run(Word, 4, 4)]),
    // platform.openai.com/docs/api-reference/authentication
    of("OpenAI key", &["sk-proj-", "sk-svcacct-", "sk-admin-", "sk-None-"], &[Run(Dash, 40, 250)]),
    after((Dash, 20, 120), "OpenAI key", &["T3BlbkFJ"], &[Run(Dash, 20, 120)]),
    // platform.claude.com/docs/en/api/overview
    of("Anthropic key", &["sk-ant-"], &[Run(Lower, 3, 8), Lit("-"), Run(Dash, 80, 120)]),
    // huggingface.co/docs/hub/security-tokens
    of("Hugging Face token", &["hf_", "api_org_"], &[Run(Letter, 34, 40)]),
    // console.groq.com/docs, replicate.com/docs/topics/security/api-tokens, docs.perplexity.ai
    of("Groq key", &["gsk_"], &[Run(Word, 48, 60)]),
    of("Replicate token", &["r8_"], &[Run(Word, 37, 37)]),
    of("Perplexity key", &["pplx-"], &[Run(Word, 48, 56)]),
    // docs.x.ai, openrouter.ai/docs/api-reference/authentication, docs.voyageai.com
    of("xAI key", &["xai-"], &[Run(Word, 70, 90)]),
    of("OpenRouter key", &["sk-or-v1-"], &[Run(Hex, 64, 64)]),
    of("Voyage key", &["pa-"], &[Run(Dash, 43, 43)]),
    // docs.npmjs.com/about-access-tokens, and the help on API tokens of PyPI
    of("npm token", &["npm_"], &[Run(Word, 36, 36)]),
    of(
        "PyPI token",
        &["pypi-AgEIcHlwaS5vcmc", "pypi-AgENdGVzdC5weXBpLm9yZw"],
        &[Run(Dash, 50, 500)],
    ),
    // github.com/rust-lang/crates.io/blob/main/crates/crates_io_database, guides.rubygems.org/api-key-scopes
    of("crates.io token", &["cio"], &[Run(Word, 32, 32)]),
    of("RubyGems key", &["rubygems_"], &[Run(Hex, 48, 48)]),
    // learn.microsoft.com/nuget/nuget-org/scoped-api-keys, github.com/clojars/clojars-web/wiki/Deploy-Tokens
    of("NuGet key", &["oy2"], &[Run(Lower, 43, 43)]),
    of("Clojars token", &["CLOJARS_"], &[Run(Lower, 60, 60)]),
    // docs.docker.com/security/access-tokens
    of("Docker token", &["dckr_pat_", "dckr_oat_"], &[Run(Dash, 24, 40)]),
    // www.twilio.com/docs/iam/api-keys, www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys
    of("Twilio key", &["SK"], &[Run(Hex, 32, 32)]),
    of("SendGrid key", &["SG."], &[Run(Dash, 22, 22), Lit("."), Run(Dash, 43, 43)]),
    // documentation.mailgun.com, mailchimp.com/developer/marketing/guides/quick-start, developers.brevo.com
    of("Mailgun key", &["key-", "pubkey-"], &[Run(Hex, 32, 32)]),
    after((Hex, 32, 32), "Mailchimp key", &["-us"], &[Run(Digit, 1, 2)]),
    of("Brevo key", &["xkeysib-", "xsmtpsib-"], &[Run(Hex, 64, 64), Lit("-"), Run(Word, 16, 16)]),
    // core.telegram.org/bots/features#botfather
    after((Digit, 8, 10), "Telegram bot token", &[":AA"], &[Run(Dash, 32, 34)]),
    // discord.com/developers/docs/reference#authentication, …/resources/webhook
    of(
        "Discord bot token",
        &["MD", "MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT"],
        &[Run(Dash, 21, 26), Lit("."), Run(Dash, 6, 6), Lit("."), Run(Dash, 27, 38)],
    ),
    of(
        "Discord webhook",
        &["discord.com/api/webhooks/", "discordapp.com/api/webhooks/"],
        &[Run(Digit, 17, 20), Lit("/"), Run(Dash, 60, 72)],
    ),
    // devcenter.heroku.com/articles/authentication, docs.digitalocean.com/reference/api
    of("Heroku key", &["HRKU-"], &[Run(Dash, 36, 65)]),
    of("DigitalOcean token", &["dop_v1_", "doo_v1_", "dor_v1_"], &[Run(Hex, 64, 64)]),
    // shopify.dev/docs/apps/build/authentication-authorization, developer.squareup.com/docs/build-basics/access-tokens
    of("Shopify token", &["shpat_", "shpca_", "shppa_", "shpss_"], &[Run(Hex, 32, 38)]),
    of("Square token", &["sq0atp-", "sq0csp-", "sq0idp-"], &[Run(Dash, 22, 60)]),
    of("Square token", &["EAAAE", "EAAAl"], &[Run(Dash, 59, 59)]),
    // docs.databricks.com/dev-tools/auth/pat, docs.doppler.com/reference/auth-token-formats
    of("Databricks token", &["dapi"], &[Run(Hex, 32, 32)]),
    of(
        "Doppler token",
        &["dp.pt.", "dp.ct.", "dp.sa.", "dp.said.", "dp.scim.", "dp.audit."],
        &[Run(Word, 40, 44)],
    ),
    of("Doppler token", &["dp.st."], &[Run(Dot, 40, 80)]),
    // developer.hashicorp.com/vault/docs/concepts/tokens, …/terraform/cloud-docs/users-teams-organizations/api-tokens
    of("HashiCorp Vault token", &["hvs.", "hvb.", "hvr."], &[Run(Dash, 24, 300)]),
    after((Word, 14, 14), "Terraform token", &[".atlasv1."], &[Run(Dash, 60, 70)]),
    // linear.app/developers/graphql#personal-api-keys, docs.newrelic.com/docs/apis/intro-apis/new-relic-api-keys
    of("Linear key", &["lin_api_", "lin_oauth_"], &[Run(Word, 40, 64)]),
    of("New Relic key", &["NRAK-", "NRAA-", "NRRA-", "NRIQ-"], &[Run(Dash, 27, 42)]),
    // docs.sentry.io/account/auth-tokens
    of("Sentry token", &["sntrys_"], &[Run(Base64, 80, 500)]),
    of("Sentry token", &["sntryu_"], &[Run(Hex, 64, 64)]),
    // docs.datadoghq.com/account_management/api-app-keys
    of("Datadog key", &["ddapp_", "ddpat_"], &[Run(Dash, 34, 80)]),
    // grafana.com/docs/grafana/latest/administration/service-accounts, grafana.com/docs/grafana-cloud
    of("Grafana token", &["glsa_"], &[Run(Word, 32, 32), Lit("_"), Run(Hex, 8, 8)]),
    of("Grafana token", &["glc_"], &[Run(Base64, 50, 400)]),
    // planetscale.com/docs/concepts/planetscale-api-oauth-applications, supabase.com/docs/reference/api/introduction
    of("PlanetScale token", &["pscale_tkn_", "pscale_pw_", "pscale_oauth_"], &[Run(Dot, 32, 64)]),
    of("Supabase token", &["sbp_", "sbp_oauth_"], &[Run(Hex, 40, 40)]),
    of("Supabase key", &["sb_secret_"], &[Run(Dash, 31, 50)]),
    // learning.postman.com/docs/developer/postman-api/authentication
    of("Postman key", &["PMAK-"], &[Run(Hex, 24, 24), Lit("-"), Run(Hex, 34, 34)]),
    // support.atlassian.com/atlassian-account/docs/manage-api-tokens-for-your-atlassian-account
    of(
        "Atlassian token",
        &["ATATT3", "ATCTT3", "ATSTT3"],
        &[Run(Dash, 60, 250), Lit("="), Run(Hex, 0, 8)],
    ),
    of("Atlassian token", &["ATATT3", "ATCTT3"], &[Run(Dash, 180, 250)]),
    of("Bitbucket password", &["ATBB"], &[Run(Word, 32, 32)]),
    // airtable.com/developers/web/guides/personal-access-tokens, www.figma.com/developers/api
    of("Airtable token", &["pat"], &[Run(Word, 14, 14), Lit("."), Run(Hex, 64, 64)]),
    of("Figma token", &["figd_", "figo_"], &[Run(Dash, 38, 60)]),
    // developers.notion.com/docs/authorization, docs.dynatrace.com/docs/manage/identity-access-management
    of("Notion token", &["ntn_"], &[Run(Word, 40, 50)]),
    of(
        "Dynatrace token",
        &["dt0c01.", "dt0s01.", "dt0s16."],
        &[Run(Upper, 24, 24), Lit("."), Run(Upper, 64, 64)],
    ),
    // fly.io/docs/security/tokens, docs.netlify.com/api/get-started, vercel.com/docs/rest-api
    of("Fly.io token", &["fm2_", "fm1r_", "fm1a_"], &[Run(Base64, 80, 2_000)]),
    of("Fly.io token", &["fo1_"], &[Run(Dash, 43, 43)]),
    of("Netlify token", &["nfp_", "nfc_", "nfo_", "nfb_"], &[Run(Word, 36, 48)]),
    of("Vercel token", &["vcp_", "vci_", "vca_", "vcr_", "vck_"], &[Run(Dash, 40, 80)]),
    // www.pulumi.com/docs/pulumi-cloud/access-management/access-tokens, buildkite.com/docs/apis/managing-api-tokens
    of("Pulumi token", &["pul-"], &[Run(Hex, 40, 40)]),
    of("Buildkite token", &["bkua_"], &[Run(Hex, 40, 40)]),
    // circleci.com/docs/managing-api-tokens, docs.sonarsource.com/sonarqube-server/user-guide/managing-tokens
    of("CircleCI token", &["CCIPAT_", "CCIPRJ_"], &[Run(Dash, 40, 90)]),
    of("SonarQube token", &["squ_", "sqp_", "sqa_"], &[Run(Hex, 40, 40)]),
    // developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication
    of("HubSpot token", &["pat-na1-", "pat-na2-", "pat-eu1-"], &[Run(Dash, 36, 36)]),
    // www.contentful.com/developers/docs/references/authentication, age-encryption.org/v1
    of("Contentful token", &["CFPAT-"], &[Run(Dash, 40, 50)]),
    of("age secret key", &["AGE-SECRET-KEY-1"], &[Run(Upper, 58, 58)]),
    // www.alibabacloud.com/help/en/ram, io.adafruit.com/api/docs
    of("Alibaba Cloud key", &["LTAI"], &[Run(Word, 12, 22)]),
    of("Adafruit key", &["aio_"], &[Run(Word, 28, 28)]),
    // docs.prefect.io/v3/how-to-guides/cloud/manage-users/api-keys, docs.readme.com, www.typeform.com/developers
    of("Prefect key", &["pnu_", "pnb_"], &[Run(Word, 36, 36)]),
    of("ReadMe key", &["rdme_"], &[Run(Lower, 70, 70)]),
    of("Typeform token", &["tfp_"], &[Run(Dash, 40, 60)]),
    // docs.goshippo.com, docs.easypost.com/docs/authentication, duffel.com/docs/api/overview
    of("Shippo token", &["shippo_live_", "shippo_test_"], &[Run(Hex, 40, 40)]),
    of("EasyPost key", &["EZAK", "EZTK"], &[Run(Word, 54, 54)]),
    of("Duffel token", &["duffel_live_", "duffel_test_"], &[Run(Dash, 43, 43)]),
    // tailscale.com/kb/1101/api, developer.1password.com/docs/service-accounts, resend.com/docs/api-reference
    of("Tailscale key", &["tskey-"], &[Run(Lower, 4, 8), Lit("-"), Run(Dash, 20, 80)]),
    of("1Password token", &["ops_eyJ"], &[Run(Base64, 200, 4_000)]),
    of("Resend key", &["re_"], &[Run(Word, 8, 8), Lit("_"), Run(Word, 24, 24)]),
    // razorpay.com/docs/api/authentication, developer.flutterwave.com/docs/authentication
    of("Flutterwave key", &["FLWSECK-", "FLWSECK_TEST-"], &[Run(Hex, 32, 32)]),
    // developer.paypal.com/braintree/docs
    of(
        "Braintree token",
        &["access_token$production$"],
        &[Run(Lower, 16, 16), Lit("$"), Run(Hex, 32, 32)],
    ),
    // learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors
    after(
        (Dash, 2, 60),
        "Teams webhook",
        &[".webhook.office.com/webhookb2/"],
        &[
            Run(Dash, 36, 36),
            Lit("@"),
            Run(Dash, 36, 36),
            Lit("/IncomingWebhook/"),
            Run(Hex, 32, 32),
        ],
    ),
    // jfrog.com/help, developer.pagerduty.com/docs/rest-api-v2/authentication, docs.launchdarkly.com
    of("JFrog key", &["AKCp"], &[Run(Word, 69, 69)]),
    of(
        "LaunchDarkly key",
        &["sdk-", "api-"],
        &[
            Run(Hex, 8, 8),
            Lit("-"),
            Run(Hex, 4, 4),
            Lit("-4"),
            Run(Hex, 3, 3),
            Lit("-"),
            Run(Hex, 4, 4),
            Lit("-"),
            Run(Hex, 12, 12),
        ],
    ),
    // datatracker.ietf.org/doc/html/rfc7519: the first two parts are JSON objects, which begin with `{"`
    of(
        JSON_WEB_TOKEN,
        &["eyJ"],
        &[Run(Dash, 12, 4_000), Lit(".eyJ"), Run(Dash, 12, 8_000), Lit("."), Run(Dash, 20, 2_000)],
    ),
];
