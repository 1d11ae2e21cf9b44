"use strict";
// Asks once a second whether anything has changed, and then replaces what is marked data-live with the page's
// present state. What a person is typing is never inside such a part.
(() => {
  let seen = document.body.dataset.version;

  async function refresh() {
    const answer = await fetch(location.href, { headers: { "X-Live": "1" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (!next || next.innerHTML === part.innerHTML || part.contains(document.activeElement)) continue;
      const top = part.scrollTop;
      part.replaceChildren(...next.childNodes);
      part.scrollTop = top;
    }
    document.title = fresh.title;
  }

  async function look() {
    try {
      const answer = await fetch("/page/version");
      const version = (await answer.json()).version.toString();
      if (version !== seen && !document.hidden) {
        seen = version;
        await refresh();
      }
    } catch {
      // The simulator is away for a moment; the next look finds it again.
    }
    setTimeout(look, 1000);
  }

  async function markRead() {
    for (const mail of document.querySelectorAll("[data-mark-read]")) {
      await fetch(mail.dataset.markRead, { method: "POST", body: new URLSearchParams({ do: "read", id: mail.dataset.id }) });
    }
  }

  markRead();
  setTimeout(look, 1000);
})();
