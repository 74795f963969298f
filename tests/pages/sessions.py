"""People at the app without a browser: what Streamlit's own front end says to the server, and nothing drawn."""

import http.client
import json
from contextlib import contextmanager

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect


@contextmanager
def session(address):
    """Yield somebody who has come to the app and seen its first page."""
    with connect(f"{address.replace('http', 'ws')}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as line:
        somebody = Session(address.removeprefix("http://"), line)
        somebody.look()
        yield somebody


class Session:
    """`pages` by name, and what the last look brought: `widgets` by label, and `exceptions`, which nobody may see."""

    def __init__(self, host, line):
        self.host, self.line, self.id, self.page, self.query = host, line, "", "", ""
        self.pages, self.widgets, self.exceptions = {}, {}, []

    def visit(self, name, query=""):
        """Open a page by its name in the menu; returns when all of it has come."""
        self.page, self.query = self.pages[name], query
        self.look()

    def press(self, label):
        """Press a button; returns when all of what it changes has come."""
        self.look(id=self.widgets[label], trigger_value=True)

    def give(self, label, name, data):
        """Upload a file; returns when all of what it changes has come."""
        said = BackMsg()
        said.file_urls_request.request_id, said.file_urls_request.session_id = "1", self.id
        said.file_urls_request.file_names.append(name)
        urls = self.answers(said, "file_urls_response").file_urls_response.file_urls[0]
        self.put(urls.upload_url, name, data)
        file = {"file_id": urls.file_id, "name": name, "size": len(data), "file_urls": urls}
        self.look(id=self.widgets[label], file_uploader_state_value={"uploaded_file_info": [file]})

    def look(self, **widget):
        """Run the page, with what was done to one of its widgets."""
        said = BackMsg()
        said.rerun_script.page_script_hash, said.rerun_script.query_string = self.page, self.query
        if widget:
            said.rerun_script.widget_states.widgets.add(**widget)
        self.widgets, self.exceptions = {}, []
        while self.answers(said, "script_finished").script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            said = None

    def answers(self, said, kind):
        """The answer of this kind, after all that comes before it was noted."""
        if said:
            self.line.send(said.SerializeToString())
        while True:
            answer = ForwardMsg.FromString(self.line.recv())
            self.note(answer)
            if answer.WhichOneof("type") == kind:
                return answer

    def note(self, answer):
        """Keep what a later step needs."""
        self.id = answer.new_session.initialize.session_id or self.id
        self.pages |= {page.page_name: page.page_script_hash for page in answer.navigation.app_pages}
        element = answer.delta.new_element
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(element.exception.type)
        elif element.WhichOneof("type") in ("button", "file_uploader"):
            widget = getattr(element, element.WhichOneof("type"))
            self.widgets[widget.label] = widget.id

    def put(self, url, name, data):
        """Send a file to where the server wants it."""
        line = http.client.HTTPConnection(self.host)
        line.request("GET", "/_stcore/health")
        answer = line.getresponse()
        answer.read()
        cookie = answer.headers["Set-Cookie"].split(";")[0]
        said = {"Cookie": cookie, "X-Xsrftoken": cookie.partition("=")[2]}
        head = f"--edge\r\nContent-Disposition: form-data; name={json.dumps(name)}; filename={json.dumps(name)}\r\n\r\n"
        said |= {"Content-Type": "multipart/form-data; boundary=edge"}
        line.request("PUT", url, head.encode() + data + b"\r\n--edge--\r\n", said)
        answer = line.getresponse()
        assert answer.status == 204, answer.read()
        line.close()
