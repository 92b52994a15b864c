# One environment: `terraform init` chooses its state, `-var-file` its values. See README.md.

provider "aws" {
  region = var.region
  # Refuses to touch another account than the one that is meant.
  allowed_account_ids = [var.account_id]

  default_tags {
    tags = {
      Project     = var.name
      Environment = var.environment
      ManagedBy   = "terraform"
    }
  }
}

module "codingworker" {
  source = "./modules/codingworker"

  name                 = var.name
  environment          = var.environment
  account_id           = var.account_id
  region               = var.region
  partition            = var.partition
  repositories         = var.repositories
  workflows            = var.workflows
  github_environment   = var.github_environment
  create_oidc_provider = var.create_oidc_provider
  roles_anywhere       = var.roles_anywhere
  worker_principals    = var.worker_principals
  operator_principals  = var.operator_principals
  create_worker_user   = var.create_worker_user
  alarm_emails         = var.alarm_emails
  budget_usd           = var.budget_usd
}
