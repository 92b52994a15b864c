variable "name" {
  description = "What everything is called; the environment is appended."
  type        = string
  default     = "codingworker"
  nullable    = false
}

variable "environment" {
  description = "Which of several installations in one account this is, such as `prod` or `dev`."
  type        = string
  nullable    = false
}

variable "account_id" {
  description = "The AWS account, twelve digits."
  type        = string
  nullable    = false
}

variable "region" {
  description = "The AWS region of the queue."
  type        = string
  nullable    = false
}

variable "partition" {
  description = "The AWS partition."
  type        = string
  default     = "aws"
  nullable    = false
}

variable "repositories" {
  description = "The repositories whose workflows may send tasks; see modules/policy."
  type = list(object({
    name             = string
    id               = string
    subject_prefixes = list(string)
    default_branch   = optional(string, "main")
  }))
  nullable = false
}

variable "workflows" {
  description = "The workflow files, in .github/workflows/, that may send tasks."
  type        = list(string)
  default     = ["ai-task.yml", "ai-fix.yml"]
  nullable    = false
}

variable "github_environment" {
  description = "The GitHub environment that the workflows' job runs in."
  type        = string
  default     = "codingworker"
  nullable    = false
}

variable "create_oidc_provider" {
  description = "Whether GitHub's OIDC provider is made here. An account has one at most: `false` adopts the one that is there."
  type        = bool
  default     = true
  nullable    = false
}

variable "roles_anywhere" {
  description = "Workers that come with a certificate: the CA's certificate (PEM), and the common name of each worker's own."
  type = object({
    ca_certificate_pem = string
    common_names       = list(string)
  })
  default = null
}

variable "worker_principals" {
  description = "Roles, such as one of IAM Identity Center, whose sessions may become the worker: exact ARNs."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "operator_principals" {
  description = "Roles whose sessions may become the operator: exact ARNs."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "create_worker_user" {
  description = "The last resort: an IAM user for a worker that has neither a certificate nor a person who signs in."
  type        = bool
  default     = false
  nullable    = false
}

variable "alarm_emails" {
  description = "Who is written to when an alarm goes off or the budget is spent. Each address confirms once."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for it in var.alarm_emails : can(regex("^[^@ ]+@[^@ ]+\\.[^@ ]+$", it))])
    error_message = "alarm_emails has addresses such as you@example.com."
  }
}

variable "budget_usd" {
  description = "The month's budget in US dollars, of the whole account; 0 makes none."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.budget_usd >= 0
    error_message = "budget_usd is 0 or more."
  }
}
