locals {
  # --- The queues -------------------------------------------------------------------------------

  # Nobody is allowed anything here: the roles below are, by their own policies, and being in the
  # same account that is enough. These only take away.
  fences = { for queue, arn in { queue = local.arns.queue, dead_letters = local.arns.dead_letters } : queue => {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      {
        # Who has no account (an anonymous caller) is not in ours either: a missing key is not equal.
        Sid       = "DenyOtherAccounts"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = arn
        Condition = { StringNotEquals = { "aws:PrincipalAccount" = var.account_id } }
      },
    ]
  } }

  redrive = {
    deadLetterTargetArn = local.arns.dead_letters
    maxReceiveCount     = local.limits.max_receive_count
  }

  redrive_allow = {
    redrivePermission = "byQueue"
    sourceQueueArns   = [local.arns.queue]
  }

  # --- Senders: the workflows of one repository each ----------------------------------------------

  sender_permissions = {
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SendTasks"
      Effect   = "Allow"
      Action   = ["sqs:SendMessage"]
      Resource = local.arns.queue
    }]
  }

  # One role for each repository, so one document for each. One statement in a common role would
  # mix the claims (the subject of one with the workflow of another), and a statement for each does
  # not fit: three repositories are more than a trust policy may have characters.
  #
  # StringEquals alone: a claim that is missing does not match, and nothing is a pattern. All four
  # must hold. `job_workflow_ref` names file and branch, so what a pull request or another branch
  # makes of the file is refused; `repository_id` refuses who took a name that became free.
  sender_trust = { for it in var.repositories : it.id => {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "WorkflowsOfOneRepository"
      Effect    = "Allow"
      Principal = { Federated = local.arns.oidc }
      Action    = "sts:AssumeRoleWithWebIdentity"
      Condition = {
        StringEquals = {
          "${local.names.oidc_issuer}:aud"           = local.names.oidc_audience
          "${local.names.oidc_issuer}:sub"           = [for prefix in it.subject_prefixes : "${prefix}:environment:${var.github_environment}"]
          "${local.names.oidc_issuer}:repository_id" = it.id
          "${local.names.oidc_issuer}:job_workflow_ref" = [for file in var.workflows :
            "${it.name}/.github/workflows/${file}@refs/heads/${it.default_branch}"
          ]
        }
      }
    }]
  } }

  # --- The worker -------------------------------------------------------------------------------

  worker_permissions = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "WorkOnTasks"
        Effect = "Allow"
        Action = [
          "sqs:ReceiveMessage",
          "sqs:DeleteMessage",
          "sqs:ChangeMessageVisibility",
          "sqs:GetQueueAttributes",
        ]
        Resource = local.arns.queue
      },
      {
        # A message that is no task is put there with the reason; the worker counts what lies there,
        # and cannot read it. It may send nothing to its own queue.
        Sid    = "BuryWhatIsNoTask"
        Effect = "Allow"
        Action = [
          "sqs:SendMessage",
          "sqs:GetQueueUrl",
          "sqs:GetQueueAttributes",
        ]
        Resource = local.arns.dead_letters
      },
    ]
  }

  worker_by_certificate = var.worker_certificates == null ? [] : [{
    Sid       = "WorkersWithACertificate"
    Effect    = "Allow"
    Principal = { Service = "rolesanywhere.amazonaws.com" }
    Action    = ["sts:AssumeRole", "sts:SetSourceIdentity", "sts:TagSession"]
    Condition = {
      ArnEquals    = { "aws:SourceArn" = var.worker_certificates.trust_anchor_arn }
      StringEquals = { "aws:PrincipalTag/x509Subject/CN" = var.worker_certificates.common_names }
    }
  }]

  worker_by_role = length(var.worker_principals) == 0 ? [] : [{
    Sid       = "WorkersWithASession"
    Effect    = "Allow"
    Principal = { AWS = var.worker_principals }
    Action    = ["sts:AssumeRole"]
  }]

  # Encoded one by one, as statements of different shapes make no list of one type.
  worker_trust = "{\"Version\":\"2012-10-17\",\"Statement\":[${join(",", concat(
    [for it in local.worker_by_certificate : jsonencode(it)],
    [for it in local.worker_by_role : jsonencode(it)],
  ))}]}"

  # --- The operator -----------------------------------------------------------------------------

  # What `codingworker submit`, `queue`, `queue dead` and `queue redrive` ask for.
  operator_permissions = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid      = "SubmitAndSendBack"
        Effect   = "Allow"
        Action   = ["sqs:SendMessage", "sqs:GetQueueAttributes"]
        Resource = local.arns.queue
      },
      {
        Sid    = "LookAtDeadLetters"
        Effect = "Allow"
        Action = [
          "sqs:GetQueueUrl",
          "sqs:GetQueueAttributes",
          "sqs:ReceiveMessage",
          "sqs:ChangeMessageVisibility",
          "sqs:DeleteMessage",
        ]
        Resource = local.arns.dead_letters
      },
    ]
  }

  operator_trust = {
    Version = "2012-10-17"
    Statement = [{
      Sid       = "Operators"
      Effect    = "Allow"
      Principal = { AWS = var.operator_principals }
      Action    = ["sts:AssumeRole"]
    }]
  }

  # --- Alarms -----------------------------------------------------------------------------------

  topic_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["sns:Publish"]
        Resource  = local.arns.topic
        Condition = {
          ArnEquals    = { "aws:SourceArn" = local.arns.alarms }
          StringEquals = { "aws:SourceAccount" = var.account_id }
        }
      },
      {
        Sid       = "DenyWithoutTls"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sns:Publish"]
        Resource  = local.arns.topic
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  }

  # CloudWatch cannot publish to a topic under AWS's own key for SNS, whose policy nobody may
  # change: so the topic has a key of ours. In a key's policy `*` is this key.
  key_policy = {
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "AdministratorsOfTheAccount"
        Effect    = "Allow"
        Principal = { AWS = local.arns.account }
        Action = [
          "kms:CancelKeyDeletion",
          "kms:CreateAlias",
          "kms:DeleteAlias",
          "kms:DescribeKey",
          "kms:DisableKey",
          "kms:DisableKeyRotation",
          "kms:EnableKey",
          "kms:EnableKeyRotation",
          "kms:GetKeyPolicy",
          "kms:GetKeyRotationStatus",
          "kms:ListGrants",
          "kms:ListKeyPolicies",
          "kms:ListKeyRotations",
          "kms:ListResourceTags",
          "kms:PutKeyPolicy",
          "kms:RevokeGrant",
          "kms:ScheduleKeyDeletion",
          "kms:TagResource",
          "kms:UntagResource",
          "kms:UpdateAlias",
          "kms:UpdateKeyDescription",
        ]
        Resource = "*"
      },
      {
        # As CloudWatch's manual has it, without a condition on the alarm: which alarms may publish
        # is the topic's policy, and a condition too many here would silence them without a word.
        Sid       = "AlarmsEncrypt"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey"]
        Resource  = "*"
      },
    ]
  }
}
