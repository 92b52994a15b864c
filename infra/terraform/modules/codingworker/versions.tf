terraform {
  required_version = ">= 1.6.0"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # The names used here are checked against the schema of 6.25.
      version = ">= 6.25, < 7.0"
    }
  }
}
