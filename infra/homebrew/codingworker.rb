# The formula of a release: scripts/package fills in what stands between at signs, and the release
# holds the result. For a tap (github.com/OWNER/homebrew-tap), as Formula/codingworker.rb.
class Codingworker < Formula
  desc "Turns a labelled GitHub issue into a tested pull request with a local model"
  homepage "https://github.com/@REPOSITORY@"
  version "@VERSION@"
  license "MIT"

  on_macos do
    on_arm do
      url "https://github.com/@REPOSITORY@/releases/download/v@VERSION@/codingworker-@VERSION@-macos-arm64.tar.gz"
      sha256 "@SHA256_MACOS_ARM64@"
    end
    on_intel do
      url "https://github.com/@REPOSITORY@/releases/download/v@VERSION@/codingworker-@VERSION@-macos-x86_64.tar.gz"
      sha256 "@SHA256_MACOS_X86_64@"
    end
  end

  on_linux do
    on_arm do
      url "https://github.com/@REPOSITORY@/releases/download/v@VERSION@/codingworker-@VERSION@-linux-arm64.tar.gz"
      sha256 "@SHA256_LINUX_ARM64@"
    end
    on_intel do
      url "https://github.com/@REPOSITORY@/releases/download/v@VERSION@/codingworker-@VERSION@-linux-x86_64.tar.gz"
      sha256 "@SHA256_LINUX_X86_64@"
    end
  end

  def install
    bin.install "codingworker"
    bash_completion.install "completions/codingworker.bash" => "codingworker"
    zsh_completion.install "completions/_codingworker"
    fish_completion.install "completions/codingworker.fish"
  end

  def caveats
    <<~EOS
      Start with `codingworker init`, then `codingworker doctor`.
    EOS
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/codingworker --version")
  end
end
