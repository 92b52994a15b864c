output "queue_url" {
  description = "For `sqs.queue_url` of the worker's configuration."
  value       = aws_sqs_queue.tasks.url
}

output "dead_letter_queue_url" {
  description = "The dead-letter queue; the worker finds it by itself."
  value       = aws_sqs_queue.dead_letters.url
}

output "region" {
  description = "For `sqs.region` of the worker's configuration."
  value       = var.region
}

output "github_variables" {
  description = "The variables that each repository's workflows read, by the repository's name."
  value = { for id, it in local.repositories : it.name => {
    CW_ROLE_ARN  = aws_iam_role.sender[id].arn
    CW_REGION    = var.region
    CW_QUEUE_URL = aws_sqs_queue.tasks.url
  } }
}

output "worker_role_arn" {
  description = "The worker's role; null when nobody may become it."
  value       = one(aws_iam_role.worker[*].arn)
}

output "trust_anchor_arn" {
  description = "For the signing helper of IAM Roles Anywhere; null without certificates."
  value       = one(aws_rolesanywhere_trust_anchor.workers[*].arn)
}

output "profile_arn" {
  description = "For the signing helper of IAM Roles Anywhere; null without certificates."
  value       = one(aws_rolesanywhere_profile.workers[*].arn)
}

output "operator_role_arn" {
  description = "The operator's role; null when nobody may become it."
  value       = one(aws_iam_role.operator[*].arn)
}

output "worker_user_name" {
  description = "The last resort's user; null unless asked for."
  value       = one(aws_iam_user.worker[*].name)
}

output "alarm_topic_arn" {
  description = "Where the alarms go."
  value       = aws_sns_topic.alarms.arn
}
