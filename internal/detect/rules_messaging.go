package detect

import "github.com/nbseal/nbseal/internal/finding"

// messagingRules lists credentials of mail, chat and telephony.
func messagingRules() []Rule {
	return []Rule{
		{
			ID: "slack-token", Title: "Slack token", Severity: finding.High,
			Revoke: "https://api.slack.com/apps",
			Source: "https://docs.slack.dev/authentication/tokens",
			shapes: []string{"xoxb-{d:9-14}-{d:9-14}-{n:20-36}", "xoxb-{d:9-14}-{n:20-36}", "xoxp-{d:9-14}-{d:9-14}-{d:9-14}-{n:28-36}", "xoxp-{d:9-14}-{d:9-14}-{n:28-36}", "xoxa-2-{d:9-14}-{d:9-14}-{d:9-14}-{n:28-36}", "xoxs-{d:9-14}-{d:9-14}-{d:9-14}-{n:10-64}", "xoxc-{d:9-14}-{d:9-14}-{d:9-14}-{h:64}", "xoxe-{d:1}-{u:100-200}", "xoxe.xoxp-{d:1}-{u:100-200}", "xoxe.xoxb-{d:1}-{u:100-200}", "xwfp-{u:24-200}"},
		},
		{
			ID: "slack-app-token", Title: "Slack app-level token", Severity: finding.High,
			Revoke: "https://api.slack.com/apps",
			Source: "https://docs.slack.dev/authentication/tokens",
			shapes: []string{"xapp-{d:1}-A{U:8-12}-{d:9-14}-{h:64}"},
		},
		{
			ID: "slack-webhook", Title: "Slack webhook", Severity: finding.Medium,
			Revoke: "https://api.slack.com/apps",
			Source: "https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks",
			shapes: []string{"https://hooks.slack.com/services/T{U:8-12}/B{U:8-12}/{n:23-25}", "https://hooks.slack.com/workflows/T{U:8-12}/A{U:8-12}/{d:17-19}/{n:23-25}", "https://hooks.slack.com/triggers/T{U:8-12}/{d:12-14}/{h:31-32}", "https://hooks.slack.com/triggers/E{U:8-12}/{d:12-14}/{h:31-32}"},
		},
		{
			ID: "discord-bot-token", Title: "Discord bot token", Severity: finding.High,
			Revoke:   "https://discord.com/developers/applications",
			Source:   "https://docs.discord.com/developers/reference",
			services: []string{"discord", "bot"},
			values:   []string{"{u:24-28}.{u:6}.{u:27-38}"},
		},
		{
			ID: "discord-webhook", Title: "Discord webhook", Severity: finding.Medium,
			Source: "https://docs.discord.com/developers/resources/webhook",
			shapes: []string{"https://discord.com/api/webhooks/{d:17-20}/{u:60-80}", "https://discordapp.com/api/webhooks/{d:17-20}/{u:60-80}", "https://canary.discord.com/api/webhooks/{d:17-20}/{u:60-80}", "https://ptb.discord.com/api/webhooks/{d:17-20}/{u:60-80}", "https://discord.com/api/v{d:1-2}/webhooks/{d:17-20}/{u:60-80}"},
		},
		{
			// Microsoft retired these in May 2026, for workflows of Power Automate.
			ID: "teams-webhook", Title: "Microsoft Teams incoming webhook", Severity: finding.Low,
			Source: "https://learn.microsoft.com/microsoftteams/platform/webhooks-and-connectors/how-to/add-incoming-webhook",
			shapes: []string{"{u:1-63}.webhook.office.com/webhookb2/{u:36}@{u:36}/IncomingWebhook/{h:32}/{u:36}"},
		},
		{
			ID: "power-automate-signature", Title: "Signature of a Power Automate or Logic Apps address", Severity: finding.Medium,
			Revoke: "https://make.powerautomate.com",
			Source: "https://learn.microsoft.com/azure/logic-apps/logic-apps-securing-a-logic-app",
		},
		{
			ID: "telegram-bot-token", Title: "Telegram bot token", Severity: finding.High,
			Revoke: "https://t.me/BotFather",
			Source: "https://core.telegram.org/bots/api#authorizing-your-bot",
			shapes: []string{"{d:8-10}:AA{u:33}"},
		},
		{
			ID: "twilio-auth-token", Title: "Twilio auth token or API key secret", Severity: finding.High,
			Revoke:   "https://console.twilio.com",
			Source:   "https://www.twilio.com/docs/iam/api/authtoken",
			services: []string{"twilio"},
			values:   []string{"{h:32}", "{n:32}"},
		},
		{
			ID: "sendgrid-api-key", Title: "SendGrid API key", Severity: finding.High,
			Revoke: "https://app.sendgrid.com/settings/api_keys",
			Source: "https://www.twilio.com/docs/sendgrid/ui/account-and-settings/api-keys",
			shapes: []string{"SG.{u:22}.{u:43}"},
		},
		{
			ID: "mailgun-api-key", Title: "Mailgun API key", Severity: finding.High,
			Revoke:   "https://app.mailgun.com/settings/api_security",
			Source:   "https://documentation.mailgun.com/docs/mailgun/user-manual/api-key-mgmt/rbac-mgmt",
			shapes:   []string{"key-{h:32}"},
			services: []string{"mailgun"},
			values:   []string{"{h:32}-{h:8}-{h:8}"},
		},
		{
			ID: "mailchimp-api-key", Title: "Mailchimp API key", Severity: finding.High,
			Revoke: "https://admin.mailchimp.com/account/api",
			Source: "https://mailchimp.com/developer/marketing/guides/quick-start",
			shapes: []string{"{h:32}-us{d:1-2}"},
			// the keys of Mandrill, its mail service
			services: []string{"mandrill"},
			values:   []string{"md-{u:22}"},
		},
		{
			ID: "brevo-api-key", Title: "Brevo API key", Severity: finding.High,
			Revoke: "https://app.brevo.com/settings/keys/api",
			Source: "https://developers.brevo.com/docs/getting-started",
			shapes: []string{"xkeysib-{h:64}-{n:16}", "xsmtpsib-{h:64}-{n:16}"},
		},
		{
			ID: "postmark-token", Title: "Postmark server token", Severity: finding.Medium,
			Revoke:   "https://account.postmarkapp.com",
			Source:   "https://postmarkapp.com/developer/api/overview",
			services: []string{"postmark", "postmarker"},
			values:   []string{"{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
		},
		{
			ID: "resend-api-key", Title: "Resend API key", Severity: finding.Medium,
			Revoke: "https://resend.com/api-keys",
			Source: "https://resend.com/docs/dashboard/api-keys/introduction",
			shapes: []string{"re_{n:8}_{n:24}"},
		},
		{
			ID: "pushbullet-token", Title: "Pushbullet access token", Severity: finding.Low,
			Revoke:   "https://www.pushbullet.com/#settings/account",
			Source:   "https://docs.pushbullet.com",
			services: []string{"pushbullet"}, values: []string{"o.{n:32}"},
		},
		{
			ID: "line-token", Title: "LINE channel access token", Severity: finding.Medium,
			Revoke:   "https://developers.line.biz/console",
			Source:   "https://developers.line.biz/en/docs/basics/channel-access-token",
			services: []string{"line", "linebot"},
			values:   []string{"{b:160-180}=", "{n:43}"},
		},
		{
			ID: "pushover-token", Title: "Pushover token or user key", Severity: finding.Low,
			Revoke:   "https://pushover.net",
			Source:   "https://pushover.net/api",
			services: []string{"pushover"},
			values:   []string{"a{L:29}", "u{L:29}"},
		},
		{
			ID: "ntfy-token", Title: "ntfy access token", Severity: finding.Low,
			Revoke:   "https://ntfy.sh/account",
			Source:   "https://docs.ntfy.sh/publish",
			services: []string{"ntfy"},
			values:   []string{"tk_{L:29}"},
		},
		{
			ID: "feishu-webhook", Title: "Feishu or Lark webhook", Severity: finding.Medium,
			Source: "https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot",
			shapes: []string{"https://open.feishu.cn/open-apis/bot/v2/hook/{h:8}-{h:4}-{h:4}-{h:4}-{h:12}", "https://open.larksuite.com/open-apis/bot/v2/hook/{h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
		},
		{
			ID: "dingtalk-webhook", Title: "DingTalk webhook", Severity: finding.Medium,
			Source: "https://open.dingtalk.com/document/robots/custom-robot-access",
			shapes: []string{"https://oapi.dingtalk.com/robot/send{x:1}access_token={h:64}"},
		},
		{
			ID: "wecom-webhook", Title: "WeCom webhook", Severity: finding.Medium,
			Source: "https://developer.work.weixin.qq.com/document/path/91770",
			shapes: []string{"https://qyapi.weixin.qq.com/cgi-bin/webhook/send{x:1}key={h:8}-{h:4}-{h:4}-{h:4}-{h:12}"},
		},
		{
			ID: "ifttt-webhook", Title: "IFTTT webhook key", Severity: finding.Medium,
			Revoke: "https://ifttt.com/maker_webhooks/settings",
			Source: "https://ifttt.com/maker_webhooks",
			shapes: []string{"https://maker.ifttt.com/trigger/{u:1-60}/with/key/{u:20-43}"},
		},
		{
			ID: "mattermost-token", Title: "Mattermost access token", Severity: finding.Medium,
			Source:   "https://developers.mattermost.com/integrate/reference/personal-access-token",
			services: []string{"mattermost", "mattermostdriver"},
			values:   []string{"{L:26}"},
		},
		{
			ID: "zulip-api-key", Title: "Zulip API key", Severity: finding.Medium,
			Source:   "https://zulip.com/api/api-keys",
			services: []string{"zulip"},
			values:   []string{"{n:32}"},
		},
		{
			ID: "matrix-access-token", Title: "Matrix (Synapse) access token", Severity: finding.Medium,
			Source: "https://element-hq.github.io/synapse/latest/usage/administration/admin_api",
			shapes: []string{"syt_{n:4-80}_{A:20}_{n:6}"},
		},
		{
			ID: "mailersend-token", Title: "MailerSend API token", Severity: finding.High,
			Revoke: "https://app.mailersend.com/api-tokens",
			Source: "https://developers.mailersend.com/general.html",
			shapes: []string{"mlsn.{h:64}"},
		},
	}
}
