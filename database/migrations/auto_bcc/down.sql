drop function across_auto_bcc(text);

drop table quarantine, tracked_contacts, retired_auto_bcc;

alter table users drop column auto_bcc;
