variable "name" {
  description = "What everything is called, `codingworker` by default. The environment is appended."
  type        = string
  default     = "codingworker"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,20}$", var.name))
    error_message = "name has 2 to 21 of a-z, 0-9 and -, and begins with a letter: role names have 64 characters, and the rest is needed."
  }
}

variable "environment" {
  description = "Which of several installations in one account this is, such as `prod` or `dev`."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]{1,9}$", var.environment))
    error_message = "environment has 2 to 10 of a-z and 0-9, and begins with a letter."
  }
}

variable "account_id" {
  description = "The AWS account, twelve digits."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id has exactly twelve digits: `aws sts get-caller-identity --query Account --output text` prints it."
  }
}

variable "region" {
  description = "The AWS region of the queue."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "region is one as AWS writes it, such as ap-northeast-1."
  }
}

variable "partition" {
  description = "The AWS partition: `aws`, `aws-cn` or `aws-us-gov`."
  type        = string
  default     = "aws"
  nullable    = false

  validation {
    condition     = contains(["aws", "aws-cn", "aws-us-gov"], var.partition)
    error_message = "partition is aws, aws-cn or aws-us-gov."
  }
}

variable "repositories" {
  description = <<-EOT
    The repositories whose workflows may send tasks. Each gets a role of its own, so that no claim of one can be
    combined with a claim of another.
      name             OWNER/NAME, in the spelling that GitHub shows: claims are compared letter by letter.
      id               the repository's number: `gh api repos/OWNER/NAME --jq .id`. It outlives a rename, and is never reused.
      subject_prefixes what GitHub puts at the beginning of the `sub` claim:
                       `gh api repos/OWNER/NAME/actions/oidc/customization/sub --jq .sub_claim_prefix`.
                       Never made up. Two of them only while a repository changes from the form without
                       ids (repo:OWNER/NAME) to the immutable one (repo:OWNER@ID/NAME@ID).
      default_branch   the branch whose workflow files are trusted.
  EOT
  type = list(object({
    name             = string
    id               = string
    subject_prefixes = list(string)
    default_branch   = optional(string, "main")
  }))
  nullable = false

  validation {
    condition     = alltrue([for it in var.repositories : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,38}/[A-Za-z0-9._-]{1,100}$", it.name))])
    error_message = "A repository's name is OWNER/NAME, without a wildcard and without a web address around it."
  }
  validation {
    condition     = alltrue([for it in var.repositories : can(regex("^[1-9][0-9]{0,18}$", it.id))])
    error_message = "A repository's id is its number: `gh api repos/OWNER/NAME --jq .id` prints it."
  }
  validation {
    condition     = length(distinct([for it in var.repositories : it.id])) == length(var.repositories)
    error_message = "Two repositories have the same id: each is in the list once."
  }
  validation {
    condition     = length(distinct([for it in var.repositories : lower(it.name)])) == length(var.repositories)
    error_message = "Two repositories have the same name: each is in the list once."
  }
  validation {
    condition     = alltrue([for it in var.repositories : length(it.subject_prefixes) >= 1 && length(it.subject_prefixes) <= 2])
    error_message = "subject_prefixes has what `gh api repos/OWNER/NAME/actions/oidc/customization/sub --jq .sub_claim_prefix` prints; two of them only while a repository changes over."
  }
  # The prefix comes from GitHub; this only refuses one that belongs to another repository.
  validation {
    condition = alltrue(flatten([for it in var.repositories : [for prefix in it.subject_prefixes :
      prefix == "repo:${it.name}" || (
        can(regex("^repo:[^@:*?]+@[0-9]+/[^@:*?]+@[0-9]+$", prefix)) &&
        replace(prefix, "/@[0-9]+/", "") == "repo:${it.name}" &&
        endswith(prefix, "@${it.id}")
    )]]))
    error_message = "A subject prefix is repo:OWNER/NAME or repo:OWNER@OWNER_ID/NAME@ID of the same repository, with its name and id, and nothing after it."
  }
  validation {
    condition     = alltrue([for it in var.repositories : can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,99}$", it.default_branch)) && !startswith(it.default_branch, "refs/")])
    error_message = "default_branch is a branch's name alone, such as main: no refs/heads/, no wildcard."
  }
}

variable "workflows" {
  description = "The workflow files, in .github/workflows/, that may send tasks."
  type        = list(string)
  default     = ["ai-task.yml", "ai-fix.yml"]
  nullable    = false

  validation {
    condition     = length(var.workflows) >= 1 && length(var.workflows) <= 4 && alltrue([for it in var.workflows : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,60}\\.ya?ml$", it))])
    error_message = "workflows has one to four file names of .github/workflows/, such as ai-task.yml."
  }
}

variable "github_environment" {
  description = "The GitHub environment that the workflows' job runs in; restrict it to the default branch."
  type        = string
  default     = "codingworker"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_-]{1,60}$", var.github_environment))
    error_message = "github_environment has letters, digits, - and _ only: other characters are written differently in the claim."
  }
}

variable "worker_certificates" {
  description = "Workers that come by IAM Roles Anywhere: the trust anchor, and the common name of each worker's certificate."
  type = object({
    trust_anchor_arn = string
    common_names     = list(string)
  })
  default = null

  validation {
    condition = var.worker_certificates == null ? true : (
      length(var.worker_certificates.common_names) > 0 &&
      alltrue([for it in var.worker_certificates.common_names : can(regex("^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$", it))])
    )
    error_message = "common_names has the common name of each worker's certificate, letter by letter: no wildcard."
  }
}

variable "worker_principals" {
  description = "Roles whose sessions may become the worker, such as one of IAM Identity Center: exact ARNs."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for it in var.worker_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", it))])
    error_message = "worker_principals has exact ARNs of roles: no wildcard, no user, no whole account."
  }
}

variable "operator_principals" {
  description = "Roles whose sessions may become the operator, who looks at dead letters and sends them back: exact ARNs."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for it in var.operator_principals : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$", it))])
    error_message = "operator_principals has exact ARNs of roles: no wildcard, no user, no whole account."
  }
}
