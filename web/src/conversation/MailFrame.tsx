import { useEffect, useMemo, useRef, useState, type RefObject } from "react";

import { ask, sentenceOf } from "../data/client";
import { imagesQuery } from "../data/documents";
import { useStore } from "../data/store";
import { answerKey } from "../frame/keys";
import { themeStore } from "../frame/theme";
import { words } from "../words/conversation";
import { Button, classes, Notice, toasts } from "../kit";
import { frameStyle, prepare } from "./mail-html";

const PAPER = {
  ink: "#1b1c20",
  accent: "#2c5bd1",
  line: "#e4e5ea",
  quiet: "#4b4e57",
  warn: "#fdf2dc",
  onWarn: "#8f5a00",
};

function themeOf(coloured: boolean): typeof PAPER & { font: string } {
  const style = getComputedStyle(document.documentElement);
  const font = getComputedStyle(document.body).fontFamily;
  const read = (name: string) => style.getPropertyValue(name).trim();
  if (coloured) return { ...PAPER, font };
  return {
    ink: read("--ink"),
    accent: read("--accent"),
    line: read("--line"),
    quiet: read("--ink-2"),
    warn: read("--warn-soft"),
    onWarn: read("--warn"),
    font,
  };
}

/** The app's own font, which the frame's document has to be told of. */
function fontFaces(): string {
  return [...document.styleSheets]
    .flatMap((sheet) => [...sheet.cssRules])
    .filter((rule) => rule instanceof CSSFontFaceRule)
    .map((rule) => rule.cssText)
    .join("\n");
}

/** Makes a newsletter that is wider than the reader's screen fit it, as a phone's mail program does. */
function fit(body: HTMLElement): void {
  body.style.zoom = "1";
  const room = body.ownerDocument.documentElement.clientWidth;
  if (room > 0 && body.scrollWidth > room + 2)
    body.style.zoom = String(Math.max(0.5, room / body.scrollWidth));
}

const NEAR = "400px";

/** Whether a box has come near the reader's eyes; from then on it has. */
function useNear(box: RefObject<HTMLElement | null>, atOnce: boolean): boolean {
  const [near, setNear] = useState(atOnce);
  useEffect(() => {
    if (near || box.current === null) return;
    const watch = new IntersectionObserver(
      (seen) => {
        if (seen.some((one) => one.isIntersecting)) setNear(true);
      },
      { rootMargin: NEAR },
    );
    watch.observe(box.current);
    return () => watch.disconnect();
  }, [near, box]);
  return near;
}

/**
 * A stranger's HTML, where it can do nothing: a document of its own, sandboxed without scripts, under a policy of
 * its own (app/web.py) that lets it load nothing, and images through our own server alone once they are asked for. It
 * is as tall as its content. A mail far below what is read costs no document until the reader comes near.
 */
export function MailFrame({
  messageId,
  html,
  inline,
  name,
  atOnce = true,
}: {
  /** The message whose images may be asked for; left out where there is none yet. */
  messageId?: string;
  html: string;
  inline: ReadonlyMap<string, string>;
  name: string;
  /** Whether it stands where the reader looks first. */
  atOnce?: boolean;
}) {
  const box = useRef<HTMLDivElement>(null);
  const near = useNear(box, atOnce);
  const frame = useRef<HTMLIFrameElement>(null);
  const theme = useStore(themeStore);
  const [withImages, setWithImages] = useState<{ of: string; html: string } | null>(null);
  const [asking, setAsking] = useState(false);
  const [loaded, setLoaded] = useState(0);
  const [height, setHeight] = useState(48);
  const images = withImages?.of === html;
  const shown = images ? withImages.html : html;
  const prepared = useMemo(() => prepare(shown, inline, words), [shown, inline]);
  const paper = prepared.coloured && theme === "dark";

  useEffect(() => {
    const page = frame.current?.contentDocument;
    if (loaded === 0 || page?.body == null || page.location.href === "about:blank") return;
    page.documentElement.lang = "";
    const style = page.createElement("style");
    style.textContent = frameStyle({
      ...themeOf(prepared.coloured),
      scheme: prepared.coloured ? "light" : theme,
      faces: fontFaces(),
    });
    page.head.replaceChildren(style);
    page.body.dir = "auto";
    page.body.replaceChildren(...[...prepared.body.childNodes].map((node) => page.importNode(node, true)));
    fit(page.body);
    const measure = () => setHeight(Math.ceil(page.documentElement.getBoundingClientRect().height) + 2);
    const grown = new ResizeObserver(measure);
    grown.observe(page.body);
    page.addEventListener("keydown", answerKey);
    return () => {
      grown.disconnect();
      page.removeEventListener("keydown", answerKey);
    };
  }, [prepared, loaded, theme]);

  async function showImages(id: string) {
    setAsking(true);
    try {
      const { message } = await ask(imagesQuery, { id });
      if (message?.htmlWithImages != null) setWithImages({ of: html, html: message.htmlWithImages });
    } catch (error) {
      toasts.show(`${words.imagesFailed}. ${sentenceOf(error)}`, { tone: "bad" });
    } finally {
      setAsking(false);
    }
  }

  return (
    <div className="flex flex-col gap-2">
      {prepared.hasRemoteImages && !images && (
        <Notice
          icon="image"
          action={
            messageId !== undefined && (
              <Button kind="plain" disabled={asking} onClick={() => void showImages(messageId)}>
                {words.showImages}
              </Button>
            )
          }
        >
          {words.imagesBlocked}
        </Notice>
      )}
      <div ref={box} style={{ minHeight: 48 }} className={classes(paper && "rounded-md bg-white p-3")}>
        {near && (
          <iframe
            ref={frame}
            key={images ? "images" : "plain"}
            title={words.mailContent(name)}
            src={images ? "/mail-frame?images=shown" : "/mail-frame"}
            sandbox="allow-same-origin allow-popups allow-popups-to-escape-sandbox"
            referrerPolicy="no-referrer"
            onLoad={() => setLoaded((count) => count + 1)}
            style={{ height, colorScheme: prepared.coloured ? "light" : theme }}
            className="block w-full border-0 bg-transparent"
          />
        )}
      </div>
    </div>
  );
}
