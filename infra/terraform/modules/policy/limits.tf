locals {
  limits = {
    # The worker asks for 300 s with each receive and extends it every minute while a job runs; this
    # is for anybody else who receives. After a worker's death its task is free again in 5 minutes.
    visibility_seconds = 300

    # The longest poll that SQS has: 131,400 polls a month for an idle worker, far below what is free.
    receive_wait_seconds = 20

    # The age of a message counts from its first sending, also in the dead-letter queue: the longer
    # time there leaves a week at least to look at what died.
    retention_seconds              = 7 * 24 * 3600
    dead_letters_retention_seconds = 14 * 24 * 3600

    # Handing a task back (visibility 0: at each stop, upgrade or drain of a worker) is another
    # receive when it comes again. A low count would bury healthy tasks during upgrades; the worker
    # itself buries what it cannot read at once, with the reason.
    max_receive_count = 20

    # 256 KiB: what the worker takes. The workflows send references and a digest, 4 KiB at most.
    max_message_bytes = 262144

    # The least that AWS has. The workflows ask for 900 s.
    session_seconds = 3600

    dead_letters_alarm = 1
    depth_alarm        = 10
    oldest_alarm_s     = 3600

    # A role's trust policy has 2,048 characters at most, where no increase was asked for.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    trust_policy_characters = 2048
  }
}
