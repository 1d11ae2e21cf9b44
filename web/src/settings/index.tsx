import { useEffect } from "react";

import { goTo } from "../frame/route";
import { Page, Tabs } from "../kit";
import { words } from "../words/settings";
import { noteReturn } from "./attempt";
import { EmailSettings } from "./EmailSettings";
import { Profile } from "./Profile";

type Part = "email" | "profile";

/** Settings: /settings/email, /settings/profile; /connected is where providers send the reader back to. */
export default function Settings({ path }: { path: readonly string[] }) {
  const part: Part = path[0] === "profile" ? "profile" : "email";
  const known = path.length === 1 && (path[0] === "email" || path[0] === "profile");
  const isBack = path[0] === "connected";
  useEffect(() => {
    if (isBack) noteReturn();
    if (!known) goTo("/settings/email", { replace: true });
  }, [known, isBack]);
  const isEmail = part === "email";
  return (
    <Page
      title={isEmail ? words.emailTitle : words.profile}
      about={isEmail ? words.emailAbout : words.profileAbout}
      actions={
        <Tabs
          label={words.sections}
          tabs={[
            { value: "email", label: words.email },
            { value: "profile", label: words.profile },
          ]}
          value={part}
          onChange={(next) => goTo(`/settings/${next}`)}
          controls="settings-part"
        />
      }
    >
      <div id="settings-part" role="tabpanel" aria-label={words[part]} className="flex flex-col gap-6">
        {isEmail ? <EmailSettings /> : <Profile />}
      </div>
    </Page>
  );
}
