import { Node, type NodeViewRenderer } from "@tiptap/react";

import { addressOf } from "./images";

const view: NodeViewRenderer = ({ node }) => {
  const image = document.createElement("img");
  const show = (name: string, alt: string) => {
    image.alt = alt;
    addressOf(name.replace(/^cid:/, "")).then(
      (address) => (image.src = address),
      // The words for it stay; the file itself can still be sent.
      () => image.removeAttribute("src"),
    );
  };
  show(String(node.attrs["src"]), String(node.attrs["alt"] ?? ""));
  return {
    dom: image,
    update: (next) => {
      if (next.type !== node.type) return false;
      show(String(next.attrs["src"]), String(next.attrs["alt"] ?? ""));
      return true;
    },
  };
};

/** An image of the mail's own; what is pasted from elsewhere with a web address is not one. */
export const MailImage = Node.create({
  name: "image",
  group: "inline",
  inline: true,
  draggable: true,
  // Written as `data-src`: an element with such a `src` would be asked for by the browser; `written` puts it back.
  addAttributes: () => ({
    src: {
      default: null,
      parseHTML: (element: HTMLElement) => element.getAttribute("data-src") ?? element.getAttribute("src"),
      renderHTML: (known: Record<string, unknown>) => ({ "data-src": known["src"] }),
    },
    alt: { default: "" },
  }),
  parseHTML: () => [{ tag: 'img[src^="cid:"]' }, { tag: "img[data-src]" }],
  renderHTML: ({ HTMLAttributes }) => ["img", HTMLAttributes],
  addNodeView: () => view,
});
