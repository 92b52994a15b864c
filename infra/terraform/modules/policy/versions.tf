# No provider: names, policy documents and limits are plain values, so that `terraform test` runs
# on them without an account, without credentials and without a network.
terraform {
  required_version = ">= 1.6.0"
}
