"""What Locust's quickest user sends: the same SEND as ours, headers as long. Run by load.py."""

from locust import FastHttpUser, task

PATH = "/api/account/12345678/messaging/consumer/conversation/send?v=3"
HEADERS = {
    "Authorization": "app-token-of-the-benchmark",
    "X-LP-ON-BEHALF": "token-of-a-consumer",
    "Content-Type": "application/json",
    "Accept": "application/json",
}
BODY = (
    b'{"kind":"req","id":"000000000001","type":"ms.PublishEvent","body":{"dialogId":"c-1","event":'
    b'{"type":"ContentEvent","contentType":"text/plain","message":"Where is my parcel?"}}}'
)


class Sender(FastHttpUser):
    """Sends texts, one after the other."""

    @task
    def send(self) -> None:
        self.client.post(PATH, data=BODY, headers=HEADERS)
