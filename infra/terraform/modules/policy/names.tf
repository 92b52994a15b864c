locals {
  base = "${var.name}-${var.environment}"

  names = {
    queue        = local.base
    dead_letters = "${local.base}-dead"
    # By id: unique, short enough whatever the repository is called, and the same after a rename.
    senders       = { for it in var.repositories : it.id => "${local.base}-sender-${it.id}" }
    worker        = "${local.base}-worker"
    operator      = "${local.base}-operator"
    topic         = "${local.base}-alarms"
    budget        = "${local.base}-budget"
    anchor        = "${local.base}-workers"
    alarm_dead    = "${local.base}-dead-letters"
    alarm_depth   = "${local.base}-depth"
    alarm_age     = "${local.base}-oldest"
    key_alias     = "alias/${local.base}-alarms"
    worker_group  = "${local.base}-worker-users"
    oidc_issuer   = "token.actions.githubusercontent.com"
    oidc_audience = "sts.amazonaws.com"
  }

  # Known before anything is made: AWS builds ARNs from names.
  arns = {
    account      = "arn:${var.partition}:iam::${var.account_id}:root"
    queue        = "arn:${var.partition}:sqs:${var.region}:${var.account_id}:${local.names.queue}"
    dead_letters = "arn:${var.partition}:sqs:${var.region}:${var.account_id}:${local.names.dead_letters}"
    oidc         = "arn:${var.partition}:iam::${var.account_id}:oidc-provider/${local.names.oidc_issuer}"
    topic        = "arn:${var.partition}:sns:${var.region}:${var.account_id}:${local.names.topic}"
    alarms = [for it in [local.names.alarm_dead, local.names.alarm_depth, local.names.alarm_age] :
      "arn:${var.partition}:cloudwatch:${var.region}:${var.account_id}:alarm:${it}"
    ]
    senders = { for id, name in local.names.senders : id => "arn:${var.partition}:iam::${var.account_id}:role/${name}" }
  }
}
