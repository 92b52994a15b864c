# The worker's own identity: a role, taken with a certificate or by a person who signed in.

resource "aws_rolesanywhere_trust_anchor" "workers" {
  count = var.roles_anywhere == null ? 0 : 1

  name    = local.names.anchor
  enabled = true

  source {
    source_type = "CERTIFICATE_BUNDLE"
    source_data {
      x509_certificate_data = var.roles_anywhere.ca_certificate_pem
    }
  }
}

resource "aws_rolesanywhere_profile" "workers" {
  count = var.roles_anywhere == null ? 0 : 1

  name             = local.names.anchor
  enabled          = true
  duration_seconds = local.limits.session_seconds
  role_arns        = [aws_iam_role.worker[0].arn]
}

resource "aws_iam_role" "worker" {
  count = local.has_worker_role ? 1 : 0

  name                 = local.names.worker
  description          = "Works on tasks: receives, extends and deletes them, and buries what is no task"
  assume_role_policy   = local.documents.worker_trust
  max_session_duration = local.limits.session_seconds
}

resource "aws_iam_role_policy" "worker" {
  count = local.has_worker_role ? 1 : 0

  name   = "work-on-tasks"
  role   = aws_iam_role.worker[0].name
  policy = local.documents.worker_permissions
}

# --- The last resort ------------------------------------------------------------------------------

# The key is made by hand (`aws iam create-access-key`): made here, it would lie in the state file.
resource "aws_iam_user" "worker" {
  # checkov:skip=CKV_AWS_273:off unless asked for, for a machine that has neither a certificate nor a person who signs in; the README says why the other two ways come first
  count = var.create_worker_user ? 1 : 0

  name          = local.names.worker
  force_destroy = false
}

resource "aws_iam_group" "workers" {
  count = var.create_worker_user ? 1 : 0

  name = local.names.worker_group
}

resource "aws_iam_group_policy" "workers" {
  count = var.create_worker_user ? 1 : 0

  name   = "work-on-tasks"
  group  = aws_iam_group.workers[0].name
  policy = local.documents.worker_permissions
}

resource "aws_iam_user_group_membership" "worker" {
  count = var.create_worker_user ? 1 : 0

  user   = aws_iam_user.worker[0].name
  groups = [aws_iam_group.workers[0].name]
}

# --- The operator ---------------------------------------------------------------------------------

resource "aws_iam_role" "operator" {
  count = local.has_operator_role ? 1 : 0

  name                 = local.names.operator
  description          = "Submits tasks, looks at dead letters and sends them back"
  assume_role_policy   = local.documents.operator_trust
  max_session_duration = local.limits.session_seconds
}

resource "aws_iam_role_policy" "operator" {
  count = local.has_operator_role ? 1 : 0

  name   = "redrive"
  role   = aws_iam_role.operator[0].name
  policy = local.documents.operator_permissions
}
