"""What three systems know of the simulated persons: member records, contact details, consents.

Belongs here: names, numbers and addresses that belong to nobody, duplicates and what links them, families.
Does not: how a person lives (people).
"""

from __future__ import annotations

SURNAMES = (
    "王Wang 李Li 张Zhang 刘Liu 陈Chen 杨Yang 黄Huang 赵Zhao 吴Wu 周Zhou 徐Xu "
    "孙Sun 马Ma 朱Zhu 胡Hu 郭Guo 何He 林Lin 高Gao 罗Luo 郑Zheng 梁Liang "
    "谢Xie 宋Song 唐Tang 许Xu 韩Han 冯Feng 邓Deng 曹Cao 彭Peng 曾Zeng 肖Xiao "
    "田Tian 董Dong "
)
GIVEN_NAMES = (
    "伟Wei 芳Fang 娜Na 敏Min 静Jing 丽Li 强Qiang 磊Lei 军Jun 洋Yang 勇Yong "
    "艳Yan 杰Jie 娟Juan 涛Tao 明Ming 超Chao 秀英Xiuying 霞Xia 平Ping 刚Gang 桂英Guiying "
    "文Wen 辉Hui 玲Ling 波Bo 红Hong 鹏Peng 雪Xue 婷Ting 宇航Yuhang 子涵Zihan 欣怡Xinyi "
    "浩然Haoran 梓轩Zixuan 雨桐Yutong 思远Siyuan 佳琪Jiaqi 晓东Xiaodong 雅文Yawen 志强Zhiqiang 美玲Meiling "
)


# A person has up to three records, each in a system of its own. The second and third carry at least one
# identifier of the first: `link` says which.
RECORDS = """
create temp table records as
with copies as (
    select
        fates.*,
        unnest(range(case when draw('copies', person) < 0.010 then 3
            when draw('copies', person) < 0.126 then 2 else 1 end))
            as copy,
    from fates
),
placed as (
    select
        *,
        person * 4 + copy as record,
        -- 0 pos, 1 mini_program, 2 crm
        (case when draw('system', person) < 0.4 then 0 when draw('system', person) < 0.8 then 1 else 2 end
            + copy * (1 + cast(floor(2 * draw('next system', person)) as integer))) % 3 as system_no,
        case
            when copy = 0 then registered_s
            else registered_s
                + cast((getvariable('horizon') - registered_s) * draw('copied', person * 4 + copy) as bigint)
        end as record_s,
        case
            when draw('link', person * 4 + greatest(copy, 1)) < 0.50 then 'phone'
            when draw('link', person * 4 + greatest(copy, 1)) < 0.65 then 'phone and email'
            when draw('link', person * 4 + greatest(copy, 1)) < 0.78 then 'union_id'
            when draw('link', person * 4 + greatest(copy, 1)) < 0.90 then 'email'
            else 'card'
        end as link,
        coalesce(family, person) as household,
        1 + cast(floor(len(getvariable('surnames')) * draw('surname', coalesce(family, person)))
            as integer) as surname,
        1 + cast(floor(len(getvariable('given_names')) * draw('given', coalesce(family, person)))
            + person % 64 as integer)
            % len(getvariable('given_names')) as given_name,
    from copies
),
-- The first record of a person with copies must carry what any copy is linked by.
needed as (
    select
        *,
        string_agg(link, ' ') over (partition by person) as links,
        count(*) over (partition by person) > 1 as has_copies,
    from placed
),
numbered as (
    select
        needed.*,
        case system_no when 0 then 'pos' when 1 then 'mini_program' else 'crm' end as system,
        row_number() over (order by record_s, record) as record_no,
        row_number() over (partition by system_no order by record_s, record) as number_in_system,
        has_copies and contains(case when copy = 0 then links else link end, 'phone') as needs_phone,
        has_copies and contains(case when copy = 0 then links else link end, 'email') as needs_email,
        has_copies and contains(case when copy = 0 then links else link end, 'union_id') as needs_union_id,
        has_copies and contains(case when copy = 0 then links else link end, 'card') as needs_card,
        -- 142 and 143 are prefixes no operator was given, so the numbers belong to nobody.
        cast(14200000000 + (household * 7919 + 12345) % 199999991 as varchar) as phone_digits,
        cast(14200000000 + ((person + getvariable('persons')) * 7919 + 12345) % 199999991 as varchar)
            as old_digits,
        case
            when person % 499 = 7 then 'frontdesk' || cast(person // 4990 as varchar) || '@example.org'
            else lower(getvariable('surnames_pinyin')[surname]) || '.'
                || lower(getvariable('given_names_pinyin')[given_name])
                || cast((person * 48271) % 2147483647 as varchar) || '@example.'
                    || ['com', 'net', 'org'][1 + person % 3]
        end as mailbox,
    from needed
)
select
    record,
    person,
    copy,
    link,
    record_no,
    record_s,
    system,
    ['P', 'M', 'C'][1 + system_no] || lpad(cast(number_in_system as varchar), 8, '0') as member_id,
    case
        when copy = 0 and not needs_phone and family is null and draw('placeholder', record) < 0.012
            then ['13800000000', '00000000000'][1 + person % 2]
        when needs_phone or (copy = 0 and (family is not null or draw('phone', record) < 0.93)) then
            -- As people type it into three different forms.
            case
                when draw('form', record) < case copy when 0 then 0.85 else 0.40 end then phone_digits
                when draw('form', record) < 0.88 then '+86 ' || phone_digits
                when draw('form', record) < 0.92
                    then '+86-' || phone_digits[1:3] || '-' || phone_digits[4:7] || '-' || phone_digits[8:11]
                when draw('form', record) < 0.96
                    then phone_digits[1:3] || ' ' || phone_digits[4:7] || ' ' || phone_digits[8:11]
                else '0086' || phone_digits
            end
        when copy > 0 and draw('phone', record) < 0.30 then old_digits
        when copy > 0 and draw('phone', record) < 0.36 then '13800000000'
    end as phone,
    case
        when needs_email or draw('email', record) < case copy when 0 then 0.55 else 0.15 end then
            case
                when draw('case', record) < 0.70 then mailbox
                when draw('case', record) < 0.90 then upper(mailbox)
                else ' ' || upper(mailbox[1]) || mailbox[2:]
            end
    end as email,
    case
        when system_no = 1 or needs_union_id or (system_no = 2 and draw('union_id', record) < 0.25)
            then 'o' || md5(getvariable('seed') || ' union id ' || person)[1:27]
    end as union_id,
    case
        when needs_card or (system_no = 0 and draw('card', record) < 0.95) or (system_no = 2
            and draw('card', record) < 0.5)
            then cast(6200000000000000 + (person * 1000003 + 777) % 99999999977 as varchar)
    end as card_number,
    case
        when draw('name', record) < case when family is not null then 1.0
            when copy = 0 then 0.97 else 0.90 end then
            case
                when draw('language', person) < 0.06
                    then getvariable('given_names_pinyin')[given_name] || ' '
                        || getvariable('surnames_pinyin')[surname]
                else getvariable('surnames')[surname] || getvariable('given_names')[given_name]
            end
    end as full_name,
    case
        when draw('address', record) < 0.4
            then stores.city || ' ' || cast(1 + household * 31 % 899 as varchar) || '号 '
                || cast(1 + household * 17 % 32 as varchar) || '-'
                    || cast(101 + household * 13 % 1800 as varchar)
    end as street_address,
    stores.region,
    stores.city,
    stores.store_id as home_store_id,
    case system_no when 0 then 'store' when 1 then 'mini_program' else ['app', 'web'][1 + person % 2] end
        as acquisition_channel,
    case
        when system_no = 0 and draw('device', person) < 0.5 then 'none'
        when draw('device', person) < 0.72 then 'android'
        when draw('device', person) < 0.86 then 'ios'
        when draw('device', person) < 0.95 then 'harmony'
        else 'web'
    end as device,
    case
        when cycle_op < 5 * 86400 and draw('level', person) < 0.6 then 'platinum'
        when cycle_op < 9 * 86400 and draw('level', person) < 0.7 then 'gold'
        when draw('level', person) < 0.35 then 'silver'
        else 'basic'
    end as member_level,
    case when draw('birthday', record) < 0.7
        then 1 + cast(floor(12 * draw('birth month', person)) as integer) end
        as birth_month,
    case when draw('language', person) < 0.06 then 'en' else 'zh' end as language,
    least(
        record_s + cast((getvariable('horizon') - record_s) * draw('updated', record) as bigint),
        getvariable('horizon') - 1
    ) as updated_s,
from numbered
join stores on cast(floor(60 * power(draw('store', household), 1.4)) as integer) = stores.store_no
"""

MEMBERS = """
    select
        *,
        at_utc(record_s) as registered_at,
        coalesce(seen_by_end(greatest(updated_s, record_s)), at_utc(record_s)) as updated_at,
    from records
"""

# At registration most grant marketing on the channels they know and everyone service on one; later some
# withdraw.
CONSENTS = """
    with asked as (
        select records.*, persons.withdrawn_s, persons.withdrawn_channel, unnest(range(6)) as number
        from records
        join persons on records.person = persons.person
    ),
    answered as (
        select
            *,
            ['sms', 'email', 'push', 'wechat', 'call', 'sms'][1 + number] as channel,
            case number when 5 then 'service' else 'marketing' end as purpose,
        from asked
    )
    select
        record_no * 16 + number as consent_id,
        system,
        member_id,
        channel,
        purpose,
        number = 5 or draw('granted', record * 8 + number) < 0.88 as is_granted,
        at_utc(record_s) as happened_at,
    from answered
    where number = 5 or draw('asked', record * 8 + number) < 0.6
    union all
    select
        record_no * 16 + 8 as consent_id,
        system,
        member_id,
        withdrawn_channel as channel,
        'marketing' as purpose,
        false as is_granted,
        at_utc(greatest(withdrawn_s, record_s + 3600)) as happened_at,
    from answered
    where number = 0 and greatest(withdrawn_s, record_s + 3600) < getvariable('horizon')
"""
