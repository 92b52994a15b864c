resource "aws_kms_key" "alarms" {
  description             = "Encrypts the alarms of ${local.names.queue}"
  enable_key_rotation     = true
  deletion_window_in_days = 7
  policy                  = local.documents.key
}

resource "aws_kms_alias" "alarms" {
  name          = local.names.key_alias
  target_key_id = aws_kms_key.alarms.key_id
}

resource "aws_sns_topic" "alarms" {
  name              = local.names.topic
  kms_master_key_id = aws_kms_key.alarms.arn
}

resource "aws_sns_topic_policy" "alarms" {
  arn    = aws_sns_topic.alarms.arn
  policy = local.documents.topic
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.alarm_emails)

  topic_arn = aws_sns_topic.alarms.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_metric_alarm" "dead_letters" {
  alarm_name          = local.names.alarm_dead
  alarm_description   = "Messages that no worker could do anything with: `codingworker queue dead` shows them with their reasons, `codingworker queue redrive` sends them back."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.dead_letters.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.limits.dead_letters_alarm
  # SQS stops counting for a queue that nobody used for hours.
  treat_missing_data = "notBreaching"
  alarm_actions      = [aws_sns_topic.alarms.arn]
  ok_actions         = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "depth" {
  alarm_name          = local.names.alarm_depth
  alarm_description   = "Tasks wait: is a worker running, and is one enough? `codingworker doctor` on its machine says what is wrong."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateNumberOfMessagesVisible"
  dimensions          = { QueueName = aws_sqs_queue.tasks.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = local.limits.depth_alarm
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# What is being worked on counts too: a job has an hour at most, as the worker is delivered.
resource "aws_cloudwatch_metric_alarm" "oldest" {
  alarm_name          = local.names.alarm_age
  alarm_description   = "A task is older than an hour: no worker takes it, or a job does not end. `codingworker jobs` on the worker's machine shows which."
  namespace           = "AWS/SQS"
  metric_name         = "ApproximateAgeOfOldestMessage"
  dimensions          = { QueueName = aws_sqs_queue.tasks.name }
  statistic           = "Maximum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = local.limits.oldest_alarm_s
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

# The whole account's: a budget by tag counts nothing until somebody activates the tag for billing,
# and would be silent until then. AWS wants an address for each notification.
resource "aws_budgets_budget" "month" {
  count = var.budget_usd > 0 && length(var.alarm_emails) > 0 ? 1 : 0

  name         = local.names.budget
  budget_type  = "COST"
  limit_amount = tostring(var.budget_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "ACTUAL"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.alarm_emails
  }

  notification {
    comparison_operator        = "GREATER_THAN"
    notification_type          = "FORECASTED"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.alarm_emails
  }
}
