import { NotThere } from "./NotThere";
import { senderQuery } from "./sending-documents";
import { SenderForm } from "./SenderForm";
import { SenderTest } from "./SenderTest";
import { Suppressions } from "./Suppressions";
import { useAsked } from "./useAsked";
import { Notice, Section } from "../kit";
import { words } from "../words/sending";

/** The workspace's own mail server, whether it works, and who gets no bulk mail. */
export function Sending() {
  const { data, failed, again } = useAsked(senderQuery);
  const sender = data?.workspace.workspaceSender ?? null;
  return (
    <>
      <Section title={words.sender} about={words.senderAbout}>
        {data === null ? (
          <NotThere failed={failed} again={again} />
        ) : (
          <>
            {sender === null && <Notice tone="warn">{words.none}</Notice>}
            <SenderForm key={sender?.changedAt ?? "none"} sender={sender} onSaved={again} />
            {sender !== null && <SenderTest key={`test ${sender.changedAt}`} sender={sender} again={again} />}
          </>
        )}
      </Section>
      <Suppressions />
    </>
  );
}
