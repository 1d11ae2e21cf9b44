import { useSession } from "../data/session";
import { useStore } from "../data/store";
import { themeStore, turnTheme } from "../frame/theme";
import { Avatar, Section, Switch } from "../kit";
import { words } from "../words/settings";
import { Facts } from "../kit/Facts";

export function Profile() {
  const { user, workspace } = useSession();
  const theme = useStore(themeStore);
  return (
    <>
      <div className="flex items-center gap-4">
        <Avatar name={user.name} size={44} />
        <span className="min-w-0">
          <span className="wrap-words block text-lg font-semibold">{user.name}</span>
          <span className="wrap-words block text-sm text-ink-2">{user.email}</span>
        </span>
      </div>
      <Facts
        facts={[
          [words.name, user.name],
          [words.login, user.email],
          [words.role, user.role === "ADMIN" ? words.admin : words.member],
          [words.workspace, workspace.name],
        ]}
      />
      <Section title={words.appearance} about={words.appearanceAbout}>
        <Switch label={words.themeDark} checked={theme === "dark"} onChange={turnTheme} />
      </Section>
    </>
  );
}
