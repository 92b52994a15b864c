# Puts what modules/policy says into AWS, and decides nothing.

module "policy" {
  source = "../policy"

  name               = var.name
  environment        = var.environment
  account_id         = var.account_id
  region             = var.region
  partition          = var.partition
  repositories       = var.repositories
  workflows          = var.workflows
  github_environment = var.github_environment
  worker_certificates = var.roles_anywhere == null ? null : {
    trust_anchor_arn = aws_rolesanywhere_trust_anchor.workers[0].arn
    common_names     = var.roles_anywhere.common_names
  }
  worker_principals   = var.worker_principals
  operator_principals = var.operator_principals
}

locals {
  names     = module.policy.names
  limits    = module.policy.limits
  documents = module.policy.documents

  # Of variables alone, so that they are known while planning, as `count` and `for_each` need.
  repositories      = { for it in var.repositories : it.id => it }
  has_worker_role   = var.roles_anywhere != null || length(var.worker_principals) > 0
  has_operator_role = length(var.operator_principals) > 0
}

# --- The queues -----------------------------------------------------------------------------------

resource "aws_sqs_queue" "tasks" {
  # checkov:skip=CKV2_AWS_73:SSE-SQS is enough: messages hold references and a digest, no text of an issue; a key of one's own adds a grant to each role and a dollar a month
  name                       = local.names.queue
  visibility_timeout_seconds = local.limits.visibility_seconds
  receive_wait_time_seconds  = local.limits.receive_wait_seconds
  message_retention_seconds  = local.limits.retention_seconds
  max_message_size           = local.limits.max_message_bytes
  sqs_managed_sse_enabled    = true
  redrive_policy             = local.documents.redrive

  # The policy names the dead-letter queue by the ARN that it will have.
  depends_on = [aws_sqs_queue.dead_letters]
}

resource "aws_sqs_queue" "dead_letters" {
  # checkov:skip=CKV2_AWS_73:as for the tasks
  name                       = local.names.dead_letters
  visibility_timeout_seconds = local.limits.visibility_seconds
  receive_wait_time_seconds  = local.limits.receive_wait_seconds
  message_retention_seconds  = local.limits.dead_letters_retention_seconds
  max_message_size           = local.limits.max_message_bytes
  sqs_managed_sse_enabled    = true
}

resource "aws_sqs_queue_redrive_allow_policy" "dead_letters" {
  queue_url            = aws_sqs_queue.dead_letters.url
  redrive_allow_policy = local.documents.redrive_allow
}

resource "aws_sqs_queue_policy" "tasks" {
  queue_url = aws_sqs_queue.tasks.url
  policy    = local.documents.queue
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = local.documents.dead_letters
}
