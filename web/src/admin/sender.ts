/** The form of the workspace's mail server against what the API takes. */
import type { Sender, SenderInput } from "./sending-documents";

export type Tls = Sender["tls"];

export interface SenderFields {
  host: string;
  port: string;
  tls: Tls;
  username: string;
  password: string;
  fromAddress: string;
  fromName: string;
  bouncesHere: boolean;
}

export const USUAL_PORTS: Record<Tls, string> = { STARTTLS: "587", IMPLICIT: "465", NONE: "25" };

export function fieldsOf(sender: Sender | null): SenderFields {
  return {
    host: sender?.host ?? "",
    port: String(sender?.port ?? 587),
    tls: sender?.tls ?? "STARTTLS",
    username: sender?.username ?? "",
    password: "",
    fromAddress: sender?.fromAddress ?? "",
    fromName: sender?.fromName ?? "",
    bouncesHere: sender?.bouncesHere ?? false,
  };
}

/** Another way of securing it brings its usual port along, unless the port was chosen by hand. */
export function withTls(fields: SenderFields, tls: Tls): SenderFields {
  const port = fields.port === USUAL_PORTS[fields.tls] ? USUAL_PORTS[tls] : fields.port;
  return { ...fields, tls, port };
}

/** Whether the password that is kept may be kept on: it belongs to one server, port, security and user. */
export function keepsPassword(fields: SenderFields, sender: Sender | null): boolean {
  return (
    sender?.passwordSet === true &&
    fields.host.trim().toLowerCase() === sender.host &&
    Number(fields.port) === sender.port &&
    fields.tls === sender.tls &&
    fields.username.trim() === sender.username
  );
}

export function inputOf(fields: SenderFields): SenderInput {
  const text = (value: string) => (value.trim() === "" ? null : value.trim());
  return {
    host: fields.host.trim(),
    port: Number(fields.port),
    tls: fields.tls,
    username: text(fields.username),
    password: fields.password === "" ? null : fields.password,
    fromAddress: fields.fromAddress.trim(),
    fromName: text(fields.fromName),
    bouncesHere: fields.bouncesHere,
  };
}

export function hasChanged(fields: SenderFields, sender: Sender | null): boolean {
  return JSON.stringify(fields) !== JSON.stringify(fieldsOf(sender));
}
