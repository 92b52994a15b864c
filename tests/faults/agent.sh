#!/bin/bash
case " $* " in *' --version '*) echo 'aider 0.86.2'; exit 0;; esac
for it; do case $it in
  --set-env=OLLAMA_API_BASE=http://*) base=${it#*http://};;
  --model=ollama_chat/*) model=${it#*/};;
esac; done
place=${base%%/*}
[ "$place" = "$base" ] && path= || path=/${base#*/}
body="{\"model\":\"$model\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"?\"}]}"
exec 3<>"/dev/tcp/${place%:*}/${place##*:}"
printf 'POST %s/api/chat HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s' "${path%/}" "$place" "${#body}" "$body" >&3
cat <&3 > /dev/null
echo forty-two > answer.txt
echo 'Applied edit to answer.txt'
