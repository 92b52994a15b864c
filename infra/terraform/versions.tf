terraform {
  required_version = ">= 1.6.0"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 6.25, < 7.0"
    }
  }

  # Bucket, key and locking are in a file for each environment: see backend.s3.tfbackend.example.
  backend "s3" {}
}
