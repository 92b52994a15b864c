output "github_variables" {
  description = "The variables that each repository's workflows read, by the repository's name."
  value       = module.codingworker.github_variables
}

output "worker" {
  description = "What the worker's machine needs: values for config.yaml, and its identity."
  value = {
    queue_url             = module.codingworker.queue_url
    dead_letter_queue_url = module.codingworker.dead_letter_queue_url
    region                = module.codingworker.region
    role_arn              = module.codingworker.worker_role_arn
    trust_anchor_arn      = module.codingworker.trust_anchor_arn
    profile_arn           = module.codingworker.profile_arn
    user_name             = module.codingworker.worker_user_name
  }
}

output "config_yaml" {
  description = "For the worker's config.yaml: `terraform output -raw config_yaml`."
  value       = <<-EOT
    sqs:
      queue_url: ${module.codingworker.queue_url}
      region: ${module.codingworker.region}
  EOT
}

output "operator_role_arn" {
  description = "The role for `codingworker submit`, `queue dead` and `queue redrive`; null when nobody may become it."
  value       = module.codingworker.operator_role_arn
}

output "alarm_topic_arn" {
  description = "Where the alarms go."
  value       = module.codingworker.alarm_topic_arn
}
