# `terraform test` here, without a provider, an account or a network.

variables {
  environment = "prod"
  account_id  = "123456789012"
  region      = "ap-northeast-1"
  repositories = [
    {
      name             = "acme/widgets"
      id               = "700000001"
      subject_prefixes = ["repo:acme@5000001/widgets@700000001", "repo:acme/widgets"]
    },
    {
      name             = "acme/gears"
      id               = "700000002"
      subject_prefixes = ["repo:acme/gears"]
      default_branch   = "trunk"
    },
  ]
  worker_certificates = {
    trust_anchor_arn = "arn:aws:rolesanywhere:ap-northeast-1:123456789012:trust-anchor/00000000-0000-0000-0000-000000000000"
    common_names     = ["mbp-001"]
  }
  worker_principals   = ["arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Worker_0123456789abcdef"]
  operator_principals = ["arn:aws:iam::123456789012:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_Admin_0123456789abcdef"]
}

run "names_and_arns" {
  command = plan

  assert {
    condition     = output.names.queue == "codingworker-prod" && output.names.dead_letters == "codingworker-prod-dead"
    error_message = "the queues have the environment's name"
  }
  assert {
    condition     = output.arns.queue == "arn:aws:sqs:ap-northeast-1:123456789012:codingworker-prod"
    error_message = "an ARN follows from the name"
  }
  assert {
    condition     = output.arns.senders["700000002"] == "arn:aws:iam::123456789012:role/codingworker-prod-sender-700000002"
    error_message = "a sender is called by its repository's number"
  }
}

run "the_longest_names_fit_into_a_role_name" {
  command = plan

  variables {
    name        = "a23456789012345678901"
    environment = "e234567890"
    repositories = [{
      name             = "acme/widgets"
      id               = "1234567890123456789"
      subject_prefixes = ["repo:acme/widgets"]
    }]
  }

  assert {
    condition     = alltrue([for name in values(output.names.senders) : length(name) <= 64])
    error_message = "IAM takes role names of 64 characters"
  }
}

run "limits" {
  command = plan

  assert {
    condition     = output.limits.visibility_seconds == 300 && output.limits.receive_wait_seconds == 20
    error_message = "visibility and long poll as the worker is made for"
  }
  assert {
    condition     = output.limits.dead_letters_retention_seconds == 1209600 && output.limits.retention_seconds == 604800
    error_message = "a dead letter outlives the task that it was: its age counts from the first sending"
  }
  assert {
    condition     = jsondecode(output.documents.redrive).maxReceiveCount == 20
    error_message = "each hand-back is a receive, so a healthy task has many"
  }
  assert {
    condition     = jsondecode(output.documents.redrive).deadLetterTargetArn == output.arns.dead_letters
    error_message = "what dies goes to our dead letters"
  }
  assert {
    condition     = jsondecode(output.documents.redrive_allow) == { redrivePermission = "byQueue", sourceQueueArns = [output.arns.queue] }
    error_message = "only our queue sends there"
  }
}

run "each_repository_has_its_own_claims" {
  command = plan

  assert {
    condition     = length(output.sender_trust) == 2 && length(jsondecode(output.sender_trust["700000001"]).Statement) == 1
    error_message = "one document with one statement for each repository"
  }
  assert {
    condition = jsondecode(output.sender_trust["700000001"]).Statement[0].Condition == {
      StringEquals = {
        "token.actions.githubusercontent.com:aud"           = "sts.amazonaws.com"
        "token.actions.githubusercontent.com:sub"           = ["repo:acme@5000001/widgets@700000001:environment:codingworker", "repo:acme/widgets:environment:codingworker"]
        "token.actions.githubusercontent.com:repository_id" = "700000001"
        "token.actions.githubusercontent.com:job_workflow_ref" = [
          "acme/widgets/.github/workflows/ai-task.yml@refs/heads/main",
          "acme/widgets/.github/workflows/ai-fix.yml@refs/heads/main",
        ]
      }
    }
    error_message = "four claims, each exact, and no other operator"
  }
  assert {
    condition     = !strcontains(output.sender_trust["700000002"], "widgets") && strcontains(output.sender_trust["700000002"], "refs/heads/trunk")
    error_message = "nothing of one repository in another's document"
  }
  assert {
    condition     = alltrue([for document in values(output.sender_trust) : length(document) <= 2048])
    error_message = "IAM takes 2,048 characters"
  }
}

run "who_may_do_what" {
  command = plan

  assert {
    condition     = jsondecode(output.documents.sender_permissions).Statement == [{ Sid = "SendTasks", Effect = "Allow", Action = ["sqs:SendMessage"], Resource = output.arns.queue }]
    error_message = "a sender sends to one queue, and does nothing else"
  }
  assert {
    condition     = toset(jsondecode(output.documents.worker_permissions).Statement[0].Action) == toset(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sqs:GetQueueAttributes"])
    error_message = "the worker's four on the tasks"
  }
  assert {
    condition     = toset(jsondecode(output.documents.worker_permissions).Statement[1].Action) == toset(["sqs:SendMessage", "sqs:GetQueueUrl", "sqs:GetQueueAttributes"])
    error_message = "the worker buries, and cannot read what is buried"
  }
  assert {
    condition     = [for it in jsondecode(output.documents.worker_trust).Statement : it.Sid] == ["WorkersWithACertificate", "WorkersWithASession"]
    error_message = "both ways to the worker's role"
  }
}

run "without_certificates_nobody_comes_by_them" {
  command = plan

  variables {
    worker_certificates = null
  }

  assert {
    condition     = !strcontains(output.documents.worker_trust, "rolesanywhere")
    error_message = "no trust in a service that is not used"
  }
}

run "a_short_account_is_refused" {
  command = plan
  variables {
    account_id = "12345678901"
  }
  expect_failures = [var.account_id]
}

run "an_environment_with_a_hyphen_is_refused" {
  command = plan
  variables {
    environment = "prod-eu"
  }
  expect_failures = [var.environment]
}

run "a_name_that_would_not_fit_is_refused" {
  command = plan
  variables {
    name = "a-name-of-more-than-21"
  }
  expect_failures = [var.name]
}

run "a_region_that_is_none_is_refused" {
  command = plan
  variables {
    region = "tokyo"
  }
  expect_failures = [var.region]
}

run "a_wildcard_in_a_repository_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/*", id = "700000001", subject_prefixes = ["repo:acme/*"] }]
  }
  expect_failures = [var.repositories]
}

run "an_id_that_is_no_number_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "R_kgDOABCDEF", subject_prefixes = ["repo:acme/widgets"] }]
  }
  expect_failures = [var.repositories]
}

run "a_prefix_of_another_repository_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme@5000001/gears@700000001"] }]
  }
  expect_failures = [var.repositories]
}

run "a_prefix_with_another_id_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme@5000001/widgets@700000002"] }]
  }
  expect_failures = [var.repositories]
}

run "a_whole_subject_in_place_of_a_prefix_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme/widgets:ref:refs/heads/main"] }]
  }
  expect_failures = [var.repositories]
}

run "no_prefix_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "700000001", subject_prefixes = [] }]
  }
  expect_failures = [var.repositories]
}

run "a_repository_twice_is_refused" {
  command = plan
  variables {
    repositories = [
      { name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme/widgets"] },
      { name = "acme/Widgets", id = "700000001", subject_prefixes = ["repo:acme/Widgets"] },
    ]
  }
  expect_failures = [var.repositories]
}

run "a_branch_pattern_is_refused" {
  command = plan
  variables {
    repositories = [{ name = "acme/widgets", id = "700000001", subject_prefixes = ["repo:acme/widgets"], default_branch = "*" }]
  }
  expect_failures = [var.repositories]
}

run "a_workflow_with_a_path_is_refused" {
  command = plan
  variables {
    workflows = ["../ai-task.yml"]
  }
  expect_failures = [var.workflows]
}

run "an_environment_pattern_is_refused" {
  command = plan
  variables {
    github_environment = "*"
  }
  expect_failures = [var.github_environment]
}

run "a_common_name_pattern_is_refused" {
  command = plan
  variables {
    worker_certificates = {
      trust_anchor_arn = "arn:aws:rolesanywhere:ap-northeast-1:123456789012:trust-anchor/00000000-0000-0000-0000-000000000000"
      common_names     = ["mbp-*"]
    }
  }
  expect_failures = [var.worker_certificates]
}

run "a_whole_account_is_no_worker" {
  command = plan
  variables {
    worker_principals = ["arn:aws:iam::123456789012:root"]
  }
  expect_failures = [var.worker_principals]
}

run "an_operator_pattern_is_refused" {
  command = plan
  variables {
    operator_principals = ["arn:aws:iam::123456789012:role/*"]
  }
  expect_failures = [var.operator_principals]
}

run "a_trust_policy_that_is_too_long_is_refused" {
  command = plan
  variables {
    repositories = [{
      name = "an-owner-of-thirty-nine-characters-long/a-name-of-one-hundred-characters-is-what-the-host-allows-and-few-people-really-do-have-one-like-this"
      id   = "1234567890123456789"
      subject_prefixes = [
        "repo:an-owner-of-thirty-nine-characters-long/a-name-of-one-hundred-characters-is-what-the-host-allows-and-few-people-really-do-have-one-like-this",
        "repo:an-owner-of-thirty-nine-characters-long@1234567890/a-name-of-one-hundred-characters-is-what-the-host-allows-and-few-people-really-do-have-one-like-this@1234567890123456789",
      ]
      default_branch = "a-branch-of-one-hundred-characters-is-not-forbidden-either-and-it-would-still-be-within-our-limit-12"
    }]
    workflows = [
      "a-workflow-file-with-a-name-of-sixty-characters-is-number-1.yml",
      "a-workflow-file-with-a-name-of-sixty-characters-is-number-2.yml",
      "a-workflow-file-with-a-name-of-sixty-characters-is-number-3.yml",
      "a-workflow-file-with-a-name-of-sixty-characters-is-number-4.yml",
    ]
  }
  expect_failures = [output.sender_trust]
}
