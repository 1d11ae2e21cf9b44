import { Dialog } from "../kit";
import { words } from "../words/settings";
import { Connect } from "./Connect";

export function Move(props: { open: boolean; onClose: () => void; id: string; address: string }) {
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={words.edit}
      about={words.editAbout(props.address)}
      wide
    >
      <Connect moves={props.id} />
    </Dialog>
  );
}
