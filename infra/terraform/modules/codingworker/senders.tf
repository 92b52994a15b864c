# GitHub's workflows, without a stored secret.

resource "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 1 : 0

  url            = "https://${local.names.oidc_issuer}"
  client_id_list = [local.names.oidc_audience]
  # No thumbprints: AWS checks GitHub's certificate by its own store of authorities.
}

# One that the account has already is only looked at: that it is there, and made for AWS's audience.
data "aws_iam_openid_connect_provider" "github" {
  count = var.create_oidc_provider ? 0 : 1

  url = "https://${local.names.oidc_issuer}"

  lifecycle {
    postcondition {
      condition     = contains(self.client_id_list, local.names.oidc_audience)
      error_message = "The account's OIDC provider for GitHub does not know the audience sts.amazonaws.com: add it with `aws iam add-client-id-to-open-id-connect-provider`."
    }
  }
}

resource "aws_iam_role" "sender" {
  for_each = local.repositories

  name                 = local.names.senders[each.key]
  description          = "Sends tasks from the workflows of ${each.value.name}"
  assume_role_policy   = module.policy.sender_trust[each.key]
  max_session_duration = local.limits.session_seconds

  depends_on = [aws_iam_openid_connect_provider.github, data.aws_iam_openid_connect_provider.github]
}

resource "aws_iam_role_policy" "sender" {
  for_each = local.repositories

  name   = "send-tasks"
  role   = aws_iam_role.sender[each.key].name
  policy = local.documents.sender_permissions
}
