output "names" {
  description = "What each resource is called."
  value       = local.names
}

output "arns" {
  description = "The ARNs that follow from the names."
  value       = local.arns
}

output "limits" {
  description = "Times, counts and thresholds."
  value       = local.limits
}

output "sender_trust" {
  description = "The trust policy of each repository's sender role, by the repository's id; JSON."
  value       = { for id, document in local.sender_trust : id => jsonencode(document) }

  precondition {
    condition     = alltrue([for document in values(local.sender_trust) : length(jsonencode(document)) <= local.limits.trust_policy_characters])
    error_message = "A trust policy is longer than the 2,048 characters that IAM takes: shorten default_branch, or name fewer workflows."
  }
}

output "documents" {
  description = "The other policy documents; JSON."
  value = {
    queue                = jsonencode(local.fences.queue)
    dead_letters         = jsonencode(local.fences.dead_letters)
    redrive              = jsonencode(local.redrive)
    redrive_allow        = jsonencode(local.redrive_allow)
    sender_permissions   = jsonencode(local.sender_permissions)
    worker_permissions   = jsonencode(local.worker_permissions)
    worker_trust         = local.worker_trust
    operator_permissions = jsonencode(local.operator_permissions)
    operator_trust       = jsonencode(local.operator_trust)
    topic                = jsonencode(local.topic_policy)
    key                  = jsonencode(local.key_policy)
  }
}
