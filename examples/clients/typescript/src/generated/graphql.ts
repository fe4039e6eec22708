/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DateTime, Json } from '../scalars.js';
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
/** A postal address; each text has at most 255 characters. */
export type Address = {
  /** First line. */
  addressLine1?: string | null | undefined;
  /** Second line. */
  addressLine2?: string | null | undefined;
  /** City or town. */
  city?: string | null | undefined;
  /** The country by its ISO 3166-1 alpha-2 code, as in DK, or one of AC, TA and XK (Kosovo), in any case. */
  country?: string | null | undefined;
  /** Telephone number, in a billing address at most 20 characters. */
  phoneNumber?: string | null | undefined;
  /** Postal code. */
  postalCode?: string | null | undefined;
  /** State, province or region. */
  state?: string | null | undefined;
};

/** Which customer to archive. */
export type ArchiveCustomerInput = {
  /** The customer's id. */
  customerId: string;
  /** Must be the API key's own environment when given. */
  environmentId?: string | null | undefined;
  /** The version of the customer that is meant, as in UpdateCustomerInput. */
  ifVersion?: number | null | undefined;
};

/** The quantity of a feature that is paid per unit. */
export type BillableFeatureInput = {
  /** The feature's refId. It must be one that the plan has a per-unit price for. */
  featureId: string;
  /** How many units, within the bounds of the price. */
  quantity: number;
};

/** A postal address as the billing provider takes it. */
export type BillingAddress = {
  /** City or town. */
  city?: string | null | undefined;
  /** The country, by the codes of Address. */
  country?: string | null | undefined;
  /** First line. */
  line1?: string | null | undefined;
  /** Second line. */
  line2?: string | null | undefined;
  /** Postal code. */
  postalCode?: string | null | undefined;
  /** State, province or region. */
  state?: string | null | undefined;
};

/** How often something is paid. */
export type BillingPeriod =
  /** Every year. */
  | 'ANNUALLY'
  /** Every month. */
  | 'MONTHLY';

/** A limit on what a subscription may cost. This server meters no usage, so it is never reached. */
export type BudgetConfigurationInput = {
  /** Whether cost above the limit is allowed. */
  hasSoftLimit: boolean;
  /** The limit, in the currency's main unit, 0 or more. */
  limit: number;
};

/** The quantity of something that is charged. */
export type ChargeInput = {
  /** What is charged: the feature's refId. */
  id: string;
  /** How much of it, within the bounds of the price. */
  quantity: number;
  /** What kind of thing it is; CREDIT is not supported yet and is refused with UnsupportedParameter. */
  type: ChargeType;
};

/** Kinds of things that are charged. */
export type ChargeType =
  /** A credit. Not supported yet: rejected. */
  | 'CREDIT'
  /** A feature. */
  | 'FEATURE';

/** How often credits of an entitlement are given. */
export type CreditCadence =
  /** Every month. */
  | 'MONTH'
  /** Every year. */
  | 'YEAR';

/** How often credits are given. */
export type CreditGrantCadence =
  /** When a billing period begins. */
  | 'BEGINNING_OF_BILLING_PERIOD'
  /** Every month. */
  | 'MONTHLY';

/** What a unit costs in credits. Not supported yet: rejected. */
export type CreditRateInput = {
  /** How many credits. */
  amount: number;
  /** A formula for the cost. */
  costFormula?: string | null | undefined;
  /** The currency of the credits. */
  currencyId: string;
  /** The custom currency of the credits. */
  customCurrencyId?: string | null | undefined;
};

/** A currency by its ISO 4217 code. */
export type Currency =
  /** United Arab Emirates Dirham */
  | 'AED'
  /** Afghan Afghani */
  | 'AFN'
  /** Albanian Lek */
  | 'ALL'
  /** Armenian Dram */
  | 'AMD'
  /** Netherlands Antillean Guilder */
  | 'ANG'
  /** Angolan Kwanza */
  | 'AOA'
  /** Argentine Peso */
  | 'ARS'
  /** Australian Dollar */
  | 'AUD'
  /** Aruban Florin */
  | 'AWG'
  /** Azerbaijani Manat */
  | 'AZN'
  /** Bosnia-Herzegovina Convertible Mark */
  | 'BAM'
  /** Barbadian Dollar */
  | 'BBD'
  /** Bangladeshi Taka */
  | 'BDT'
  /** Bulgarian Lev */
  | 'BGN'
  /** Bahraini Dinar */
  | 'BHD'
  /** Burundian Franc */
  | 'BIF'
  /** Bermudan Dollar */
  | 'BMD'
  /** Brunei Dollar */
  | 'BND'
  /** Bolivian Boliviano */
  | 'BOB'
  /** Brazilian Real */
  | 'BRL'
  /** Bahamian Dollar */
  | 'BSD'
  /** Botswanan Pula */
  | 'BWP'
  /** Belarusian Ruble */
  | 'BYN'
  /** Belize Dollar */
  | 'BZD'
  /** Canadian Dollar */
  | 'CAD'
  /** Congolese Franc */
  | 'CDF'
  /** Swiss Franc */
  | 'CHF'
  /** Chilean Peso */
  | 'CLP'
  /** Chinese Yuan */
  | 'CNY'
  /** Colombian Peso */
  | 'COP'
  /** Costa Rican Colón */
  | 'CRC'
  /** Cape Verdean Escudo */
  | 'CVE'
  /** Czech Koruna */
  | 'CZK'
  /** Djiboutian Franc */
  | 'DJF'
  /** Danish Krone */
  | 'DKK'
  /** Dominican Peso */
  | 'DOP'
  /** Algerian Dinar */
  | 'DZD'
  /** Egyptian Pound */
  | 'EGP'
  /** Ethiopian Birr */
  | 'ETB'
  /** Euro */
  | 'EUR'
  /** Fijian Dollar */
  | 'FJD'
  /** Falkland Islands Pound */
  | 'FKP'
  /** British Pound */
  | 'GBP'
  /** Georgian Lari */
  | 'GEL'
  /** Gibraltar Pound */
  | 'GIP'
  /** Gambian Dalasi */
  | 'GMD'
  /** Guinean Franc */
  | 'GNF'
  /** Guatemalan Quetzal */
  | 'GTQ'
  /** Guyanaese Dollar */
  | 'GYD'
  /** Hong Kong Dollar */
  | 'HKD'
  /** Honduran Lempira */
  | 'HNL'
  /** Croatian Kuna */
  | 'HRK'
  /** Haitian Gourde */
  | 'HTG'
  /** Hungarian Forint */
  | 'HUF'
  /** Indonesian Rupiah */
  | 'IDR'
  /** Israeli New Shekel */
  | 'ILS'
  /** Indian Rupee */
  | 'INR'
  /** Icelandic Króna */
  | 'ISK'
  /** Jamaican Dollar */
  | 'JMD'
  /** Jordanian Dinar */
  | 'JOD'
  /** Japanese Yen */
  | 'JPY'
  /** Kenyan Shilling */
  | 'KES'
  /** Kyrgyz Som */
  | 'KGS'
  /** Cambodian Riel */
  | 'KHR'
  /** Comorian Franc */
  | 'KMF'
  /** South Korean Won */
  | 'KRW'
  /** Kuwaiti Dinar */
  | 'KWD'
  /** Cayman Islands Dollar */
  | 'KYD'
  /** Kazakhstani Tenge */
  | 'KZT'
  /** Lao Kip */
  | 'LAK'
  /** Lebanese Pound */
  | 'LBP'
  /** Sri Lankan Rupee */
  | 'LKR'
  /** Liberian Dollar */
  | 'LRD'
  /** Lesotho Loti */
  | 'LSL'
  /** Moroccan Dirham */
  | 'MAD'
  /** Moldovan Leu */
  | 'MDL'
  /** Malagasy Ariary */
  | 'MGA'
  /** Macedonian Denar */
  | 'MKD'
  /** Myanmar Kyat */
  | 'MMK'
  /** Mongolian Tugrik */
  | 'MNT'
  /** Macanese Pataca */
  | 'MOP'
  /** Mauritanian Ouguiya (1973–2017) */
  | 'MRO'
  /** Mauritian Rupee */
  | 'MUR'
  /** Maldivian Rufiyaa */
  | 'MVR'
  /** Malawian Kwacha */
  | 'MWK'
  /** Mexican Peso */
  | 'MXN'
  /** Malaysian Ringgit */
  | 'MYR'
  /** Mozambican Metical */
  | 'MZN'
  /** Namibian Dollar */
  | 'NAD'
  /** Nigerian Naira */
  | 'NGN'
  /** Nicaraguan Córdoba */
  | 'NIO'
  /** Norwegian Krone */
  | 'NOK'
  /** Nepalese Rupee */
  | 'NPR'
  /** New Zealand Dollar */
  | 'NZD'
  /** Omani Rial */
  | 'OMR'
  /** Panamanian Balboa */
  | 'PAB'
  /** Peruvian Sol */
  | 'PEN'
  /** Papua New Guinean Kina */
  | 'PGK'
  /** Philippine Peso */
  | 'PHP'
  /** Pakistani Rupee */
  | 'PKR'
  /** Polish Zloty */
  | 'PLN'
  /** Paraguayan Guarani */
  | 'PYG'
  /** Qatari Riyal */
  | 'QAR'
  /** Romanian Leu */
  | 'RON'
  /** Serbian Dinar */
  | 'RSD'
  /** Russian Ruble */
  | 'RUB'
  /** Rwandan Franc */
  | 'RWF'
  /** Saudi Riyal */
  | 'SAR'
  /** Solomon Islands Dollar */
  | 'SBD'
  /** Seychellois Rupee */
  | 'SCR'
  /** Swedish Krona */
  | 'SEK'
  /** Singapore Dollar */
  | 'SGD'
  /** Saint Helena Pound */
  | 'SHP'
  /** Sierra Leonean Leone */
  | 'SLE'
  /** Sierra Leonean Leone (1964—2022) */
  | 'SLL'
  /** Somali Shilling */
  | 'SOS'
  /** Surinamese Dollar */
  | 'SRD'
  /** São Tomé and Príncipe Dobra, by its older code */
  | 'STD'
  /** Salvadoran Colón */
  | 'SVC'
  /** Swazi Lilangeni */
  | 'SZL'
  /** Thai Baht */
  | 'THB'
  /** Tajikistani Somoni */
  | 'TJS'
  /** Tunisian Dinar */
  | 'TND'
  /** Tongan Paʻanga */
  | 'TOP'
  /** Turkish Lira */
  | 'TRY'
  /** Trinidad & Tobago Dollar */
  | 'TTD'
  /** New Taiwan Dollar */
  | 'TWD'
  /** Tanzanian Shilling */
  | 'TZS'
  /** Ukrainian Hryvnia */
  | 'UAH'
  /** Ugandan Shilling */
  | 'UGX'
  /** US Dollar */
  | 'USD'
  /** Uruguayan Peso */
  | 'UYU'
  /** Uzbekistani Som */
  | 'UZS'
  /** Vietnamese Dong */
  | 'VND'
  /** Vanuatu Vatu */
  | 'VUV'
  /** Samoan Tala */
  | 'WST'
  /** Central African CFA Franc */
  | 'XAF'
  /** East Caribbean Dollar */
  | 'XCD'
  /** West African CFA Franc */
  | 'XOF'
  /** CFP Franc */
  | 'XPF'
  /** Yemeni Rial */
  | 'YER'
  /** South African Rand */
  | 'ZAR'
  /** Zambian Kwacha */
  | 'ZMW';

/** Which page: `first` and `after` walk forwards, `last` and `before` backwards. The two directions cannot be combined. */
export type CursorPaging = {
  /** Only items after this cursor; an empty string means the start. */
  after?: string | null | undefined;
  /** Only items before this cursor; an empty string counts as null. */
  before?: string | null | undefined;
  /** How many from the start, 1 to 100; 0 next to `last` counts as null. */
  first?: number | null | undefined;
  /** How many from the end, 1 to 100; 0 next to `first` counts as null. */
  last?: number | null | undefined;
};

/** Billing details of a customer, passed on to the billing provider and never stored. */
export type CustomerBillingInfo = {
  /** The billing address. */
  billingAddress?: Address | null | undefined;
  /** The currency to charge in. */
  currency?: Currency | null | undefined;
  /** The name that invoices show, at most 255 characters. From then on it replaces the customer's name at the provider. */
  customerName?: string | null | undefined;
  /** The billing integration. */
  integrationId?: string | null | undefined;
  /**
   * Texts that the provider prints on invoices: an object of at most 4, of at most 140 characters under names of at most
   * 40.
   */
  invoiceCustomFields?: Json | null | undefined;
  /** A language by its BCP 47 tag, as in da-DK. */
  language?: string | null | undefined;
  /**
   * Data for the provider: an object of at most 44 keys. A key has 1 to 40 characters, no square brackets, and does not
   * begin with clientele_. A value has at most 500 characters; a value that is not a string is sent as JSON, and null
   * removes its key.
   */
  metadata?: Json | null | undefined;
  /** A payment method at the provider. */
  paymentMethodId?: string | null | undefined;
  /** The shipping address. */
  shippingAddress?: Address | null | undefined;
  /** The customer's tax ids: at most 5, no duplicates. */
  taxIds?: Array<TaxExempt> | null | undefined;
  /** A time zone of the IANA database, as in Europe/Copenhagen. */
  timezone?: string | null | undefined;
};

/** How often the use of a feature resets. */
export type EntitlementResetPeriod =
  /** Every day. */
  | 'DAY'
  /** Every hour. */
  | 'HOUR'
  /** Every month. */
  | 'MONTH'
  /** Every week. */
  | 'WEEK'
  /** Every year. */
  | 'YEAR';

/** An amount of money to set. */
export type MoneyInputDto = {
  /**
   * The amount in the currency's main unit, read to 15 significant digits and rounded to 12 decimal places, half away
   * from zero.
   */
  amount: number;
  /** The currency; the default one when left out. */
  currency?: Currency | null | undefined;
};

/** The reference point of a monthly period. */
export type MonthlyAccordingTo =
  /** The first of the month. */
  | 'StartOfTheMonth'
  /** The start of the subscription. */
  | 'SubscriptionStart';

/** When a monthly period starts. */
export type MonthlyResetPeriodConfigInput = {
  /** The reference point. */
  accordingTo: MonthlyAccordingTo;
};

/** How payment is collected. */
export type PaymentCollectionMethod =
  /** The default payment method is charged. */
  | 'CHARGE'
  /** An invoice is sent. */
  | 'INVOICE'
  /** Nothing is collected. */
  | 'NONE';

/**
 * A price that replaces one of the subscription's: of the plan, or of the add-on that addonId names; for the feature
 * that featureId names, or the base charge without one. Amounts are in the subscription's currency.
 */
export type PriceOverrideInput = {
  /** The refId of the add-on that is priced. */
  addonId?: string | null | undefined;
  /** Whether it is the base charge that is priced. */
  baseCharge?: boolean | null | undefined;
  /** How many units are sold together, a whole number from 1. */
  blockSize?: number | null | undefined;
  /** How often credits are given. Not supported yet: values other than null are rejected. */
  creditGrantCadence?: CreditGrantCadence | null | undefined;
  /** What a unit costs in credits. Not supported yet: values other than null are rejected. */
  creditRate?: CreditRateInput | null | undefined;
  /** The currency of the credits. Not supported yet: values other than null are rejected. */
  currencyId?: string | null | undefined;
  /** The refId of the feature that is priced. */
  featureId?: string | null | undefined;
  /** The price: of a unit for a feature, else of the whole. */
  price?: MoneyInputDto | null | undefined;
  /** Prices by quantity, smallest first, at most 100; for a feature only. */
  tiers?: Array<PriceTierInput> | null | undefined;
};

/** A price up to a quantity. */
export type PriceTierInput = {
  /** The price of the tier as a whole, charged once it is reached. */
  flatPrice?: MoneyInputDto | null | undefined;
  /** The price of a unit of the tier. */
  unitPrice?: MoneyInputDto | null | undefined;
  /** The last quantity of the tier; none for the last tier. */
  upTo?: number | null | undefined;
};

/** A new customer with, if wanted, its initial subscription. */
export type ProvisionCustomerInput = {
  /**
   * The product's own data: an object of at most 50 keys of 1 to 40 characters, values of at most 500 characters as
   * JSON, no control characters in keys. A key with null is left out.
   */
  additionalMetaData?: Json | null | undefined;
  /** The customer's id at AWS Marketplace, 1 to 255 characters. */
  awsMarketplaceCustomerId?: string | null | undefined;
  /** The customer's id at the billing provider, 1 to 255 characters. */
  billingId?: string | null | undefined;
  /**
   * Passed on to the billing provider and never stored. Triggers a sync even for a customer that pays nothing. Without a
   * provider it is validated and discarded.
   */
  billingInformation?: CustomerBillingInfo | null | undefined;
  /**
   * The refId of the customer's coupon; null and an empty string mean no coupon. Fails with CouponNotFound for an
   * unknown coupon, with ArchivedCouponCantBeApplied for an archived one.
   */
  couponRefId?: string | null | undefined;
  /** Back-dates the creation; never in the future. */
  createdAt?: DateTime | null | undefined;
  /** The customer's id in the product's CRM, 1 to 255 characters. */
  crmId?: string | null | undefined;
  /** The customer's id, 1 to 255 characters; generated when neither it nor refId is given. */
  customerId?: string | null | undefined;
  /** Billing email address, at most 255 characters, none of them invisible or full-width; an empty string counts as null. */
  email?: string | null | undefined;
  /** Must be the API key's own environment when given. */
  environmentId?: string | null | undefined;
  /** Whether to leave the customer out of experiments. */
  excludeFromExperiment?: boolean | null | undefined;
  /** Full name, at most 255 characters without control characters; an empty string counts as null. */
  name?: string | null | undefined;
  /** The same as customerId; when both are given they must be equal. */
  refId?: string | null | undefined;
  /** The customer's id at Salesforce, 1 to 255 characters. */
  salesforceId?: string | null | undefined;
  /** Whether to sync a customer that pays nothing and sends no billing information. */
  shouldSyncFree?: boolean | null | undefined;
  /** The initial subscription; none when null or left out. */
  subscriptionParams?: ProvisionCustomerSubscriptionInput | null | undefined;
};

/**
 * The initial subscription of a new customer. The product's subscriptionStartSetup decides the plan: the requested one,
 * or the product's start plan, or a trial of it. What is said here of billing period, quantities, charges, add-ons,
 * coupon, promotion code and prices belongs to the requested plan, and applies only when the customer gets that plan.
 */
export type ProvisionCustomerSubscriptionInput = {
  /** The product's own data on the subscription, with the limits of a customer's. */
  additionalMetaData?: Json | null | undefined;
  /**
   * Add-ons to the plan, at most 100, none twice. Fails with IncompatibleSubscriptionAddon for one that does not go with
   * the plan or has no price in the subscription's currency and billing period, or that needs another which is not here.
   */
  addons?: Array<SubscriptionAddonInput> | null | undefined;
  /** A coupon for this subscription; it wins over the customer's. */
  appliedCoupon?: SubscriptionCouponInput | null | undefined;
  /**
   * Whether a paid subscription that is charged automatically waits for its first payment when the customer has no
   * payment method.
   */
  awaitPaymentConfirmation?: boolean | null | undefined;
  /**
   * The quantities of features that are paid per unit, at most 100: one for each per-unit price is required, except in a
   * trial that the product starts with. That many units may then be used, whatever the plan's limit. Fails with
   * InvalidQuantity for one out of its price's bounds.
   */
  billableFeatures?: Array<BillableFeatureInput> | null | undefined;
  /** The country, by the codes of Address, that picks localised prices; the default price otherwise. */
  billingCountryCode?: string | null | undefined;
  /** A new subscription counts from its start, or from the end of its trial, whatever is said here. */
  billingCycleAnchor?: SubscriptionBillingCycleAnchor | null | undefined;
  /** The subscription's id at the billing provider, 1 to 255 characters. */
  billingId?: string | null | undefined;
  /** Validated and ignored: subscriptions are not synced. */
  billingInformation?: SubscriptionBillingInfo | null | undefined;
  /**
   * How often the subscription is paid; it must be one that the plan has a price for. Where the plan or an add-on is
   * paid it is required, except in a trial that the product starts with; otherwise it fails with
   * BillingPeriodMissingError.
   */
  billingPeriod?: BillingPeriod | null | undefined;
  /** A limit on what the subscription may cost. */
  budget?: BudgetConfigurationInput | null | undefined;
  /** Quantities of what is charged. One of type FEATURE means the same as in billableFeatures. */
  charges?: Array<ChargeInput> | null | undefined;
  /** The same as subscriptionEntitlements, in another form; to features only. */
  entitlements?: Array<SubscriptionEntitlementInputV2> | null | undefined;
  /** The least that the subscription costs. */
  minimumSpend?: SubscriptionMinimumSpendValueInput | null | undefined;
  /** How payment is collected. */
  paymentCollectionMethod?: PaymentCollectionMethod | null | undefined;
  /** The refId of the requested plan. Fails with PlanNotFound for an unknown plan, with UnPublishedPackage for a draft. */
  planId: string;
  /** Prices that override the plan's and the add-ons' for this subscription, at most 100. */
  priceOverrides?: Array<PriceOverrideInput> | null | undefined;
  /** A price for one unit, in the currency's main unit, in place of that of the plan's only per-unit price. */
  priceUnitAmount?: number | null | undefined;
  /** A code that names a coupon for this subscription, ignoring case. Fails with one of the PromotionCode errors. */
  promotionCode?: string | null | undefined;
  /** The same as subscriptionId; when both are given they must be equal. */
  refId?: string | null | undefined;
  /** What within the customer the subscription is for, 1 to 255 characters; required where the product allows several. */
  resourceId?: string | null | undefined;
  /** The subscription's id at Salesforce, 1 to 255 characters. */
  salesforceId?: string | null | undefined;
  /** When the subscription starts; now when left out. */
  startDate?: DateTime | null | undefined;
  /** Entitlements that override the plan's for this subscription, at most 100, one a feature. */
  subscriptionEntitlements?: Array<SubscriptionEntitlementInput> | null | undefined;
  /** The subscription's id, 1 to 255 characters, unique within the environment; generated when left out. */
  subscriptionId?: string | null | undefined;
  /**
   * Whether the subscription is a trial. The plan's own trial applies when this is a trial or when the product starts
   * customers with one, and these values override the plan's.
   */
  trialOverrideConfiguration?: TrialOverrideConfigurationInput | null | undefined;
  /** The quantity of the plan's only per-unit price; -1 leaves it to billableFeatures. */
  unitQuantity?: number | null | undefined;
};

/** An add-on of a subscription. */
export type SubscriptionAddonInput = {
  /** The add-on's refId. Fails with AddonNotFound for an unknown add-on, with UnPublishedPackage for a draft. */
  addonId: string;
  /** How many, from 1 to the add-on's maxQuantity; else it fails with InvalidQuantity. */
  quantity?: number | null | undefined;
};

/** What a billing cycle counts from. */
export type SubscriptionBillingCycleAnchor =
  /** From now. */
  | 'NOW'
  /** From where it counted before. */
  | 'UNCHANGED';

/** Billing details of a subscription, passed on to the billing provider and never stored. */
export type SubscriptionBillingInfo = {
  /** The billing address. */
  billingAddress?: BillingAddress | null | undefined;
  /** A connected account to charge for. */
  chargeOnBehalfOfAccount?: string | null | undefined;
  /** A coupon at the provider. */
  couponId?: string | null | undefined;
  /** The billing integration. */
  integrationId?: string | null | undefined;
  /** In how many days an invoice is due. */
  invoiceDaysUntilDue?: number | null | undefined;
  /** Whether the subscription starts in the past at the provider. */
  isBackdated?: boolean | null | undefined;
  /** Whether the first invoice was paid elsewhere. */
  isInvoicePaid?: boolean | null | undefined;
  /** Data for the provider, by the rules of CustomerBillingInfo. */
  metadata?: Json | null | undefined;
  /** What happens to amounts for parts of a period. */
  prorationBehavior?: SubscriptionProrationBehavior | null | undefined;
  /** Tax ids, by the rules of CustomerBillingInfo. */
  taxIds?: Array<TaxExempt> | null | undefined;
  /** A tax rate in per cent. */
  taxPercentage?: number | null | undefined;
  /** Tax rates at the provider. */
  taxRateIds?: Array<string> | null | undefined;
};

/** How a coupon is applied. */
export type SubscriptionCouponConfigurationInput = {
  /** From when the discount is given; from the start of the subscription when left out. */
  startDate?: DateTime | null | undefined;
};

/** A discount for one subscription: percentOff or amountsOff, one of the two. */
export type SubscriptionCouponDiscountInput = {
  /** In amounts above 0, one a currency, in the subscription's where none is named. */
  amountsOff?: Array<MoneyInputDto> | null | undefined;
  /** What it is for, at most 1,000 characters; line breaks and tabs are its only control characters. */
  description?: string | null | undefined;
  /** For how many months, a whole number from 1 to 1,200; null: without end. */
  durationInMonths?: number | null | undefined;
  /** Its name, 1 to 255 characters without control characters. */
  name?: string | null | undefined;
  /** In per cent, above 0 and at most 100, rounded to 12 decimal places. */
  percentOff?: number | null | undefined;
};

/** A coupon for one subscription, named by couponId or promotionCode, or a discount of its own: one of them. */
export type SubscriptionCouponInput = {
  /** The coupon at the billing provider. Not supported yet: values other than null are rejected. */
  billingCouponId?: string | null | undefined;
  /** How it is applied. */
  configuration?: SubscriptionCouponConfigurationInput | null | undefined;
  /** The coupon's refId. Fails with CouponNotFound for an unknown one, ArchivedCouponCantBeApplied for an archived one. */
  couponId?: string | null | undefined;
  /** A discount of its own. */
  discount?: SubscriptionCouponDiscountInput | null | undefined;
  /** A code that names the coupon, ignoring case. Fails with one of the PromotionCode errors. */
  promotionCode?: string | null | undefined;
};

/** An entitlement to credits. Not supported yet: rejected. */
export type SubscriptionCreditEntitlementInput = {
  /** How many credits. */
  amount: number;
  /** How often they are given. */
  cadence: CreditCadence;
  /** The currency that the credits are of. */
  customCurrencyId: string;
  /** Whether use above the amount is allowed. */
  hasSoftLimit?: boolean | null | undefined;
};

/** An entitlement to a feature in place of the plan's. */
export type SubscriptionEntitlementInput = {
  /** What it is for, at most 1,000 characters; line breaks and tabs are its only control characters. */
  description?: string | null | undefined;
  /** The feature's refId. Fails with FeatureNotFound for an unknown feature. */
  featureId: string;
  /** Whether use above the limit is allowed. */
  hasSoftLimit?: boolean | null | undefined;
  /** Whether use has no limit. */
  hasUnlimitedUsage?: boolean | null | undefined;
  /** When a monthly period starts; without resetPeriod MONTH it fails with InvalidEntitlementResetPeriod. */
  monthlyResetPeriodConfiguration?: MonthlyResetPeriodConfigInput | null | undefined;
  /** How often usage resets; null: never. */
  resetPeriod?: EntitlementResetPeriod | null | undefined;
  /** How much may be used, 0 or more; a NUMBER feature needs either it or hasUnlimitedUsage. */
  usageLimit?: number | null | undefined;
  /** When a weekly period starts; without resetPeriod WEEK it fails with InvalidEntitlementResetPeriod. */
  weeklyResetPeriodConfiguration?: WeeklyResetPeriodConfigInput | null | undefined;
  /** When a yearly period starts; without resetPeriod YEAR it fails with InvalidEntitlementResetPeriod. */
  yearlyResetPeriodConfiguration?: YearlyResetPeriodConfigInput | null | undefined;
};

/** An entitlement in place of the plan's: exactly one of the two is given. */
export type SubscriptionEntitlementInputV2 = {
  /** To credits. Not supported yet: values other than null are rejected with UnsupportedParameter. */
  credit?: SubscriptionCreditEntitlementInput | null | undefined;
  /** To a feature. */
  feature?: SubscriptionFeatureEntitlementInput | null | undefined;
};

/** An entitlement to a feature in place of the plan's. */
export type SubscriptionFeatureEntitlementInput = {
  /** The values that may be used, out of the feature's; an ENUM feature needs them, others take none. */
  enumValues?: Array<string> | null | undefined;
  /** The group that the feature is granted with. Not supported yet: values other than null are rejected. */
  featureGroupId?: string | null | undefined;
  /** The feature's refId. Fails with FeatureNotFound for an unknown feature. */
  featureId: string;
  /** Whether use above the limit is allowed. */
  hasSoftLimit?: boolean | null | undefined;
  /** Whether use has no limit. */
  hasUnlimitedUsage?: boolean | null | undefined;
  /** When a monthly period starts; without resetPeriod MONTH it fails with InvalidEntitlementResetPeriod. */
  monthlyResetPeriodConfiguration?: MonthlyResetPeriodConfigInput | null | undefined;
  /** How often usage resets; null: never. */
  resetPeriod?: EntitlementResetPeriod | null | undefined;
  /** How much may be used, 0 or more; a NUMBER feature needs either it or hasUnlimitedUsage. */
  usageLimit?: number | null | undefined;
  /** When a weekly period starts; without resetPeriod WEEK it fails with InvalidEntitlementResetPeriod. */
  weeklyResetPeriodConfiguration?: WeeklyResetPeriodConfigInput | null | undefined;
  /** When a yearly period starts; without resetPeriod YEAR it fails with InvalidEntitlementResetPeriod. */
  yearlyResetPeriodConfiguration?: YearlyResetPeriodConfigInput | null | undefined;
};

/** The least that a subscription costs. */
export type SubscriptionMinimumSpendValueInput = {
  /** The amount, 0 or more, for each billing period, in the subscription's currency. */
  minimum?: MoneyInputDto | null | undefined;
};

/** What happens to amounts for parts of a period. */
export type SubscriptionProrationBehavior =
  /** They go on the next invoice. */
  | 'CREATE_PRORATIONS'
  /** They are invoiced at once. */
  | 'INVOICE_IMMEDIATELY'
  /** Ignored. */
  | 'NONE';

/** A tax id. */
export type TaxExempt = {
  /** The kind of tax id in Stripe's terms, as in eu_vat. */
  type: string;
  /**
   * The tax id, in the format of its type. Check digits are verified for types with a public rule. Spaces, dots, dashes,
   * slashes and the case of letters do not matter. With a test key of the provider, and in the simulator, the ids that
   * it publishes for tests and as examples are accepted too.
   */
  value: string;
};

/** What happens at the end of a trial. */
export type TrialEndBehavior =
  /** The subscription ends. */
  | 'CANCEL_SUBSCRIPTION'
  /** The subscription goes on and is paid. */
  | 'CONVERT_TO_PAID';

/** A trial in place of the plan's. */
export type TrialOverrideConfigurationInput = {
  /**
   * Whether there is a trial. It must be true where the product starts every customer with one, and false for a free
   * plan.
   */
  isTrial: boolean;
  /** What happens then; what the plan's trial says if left out, and CANCEL_SUBSCRIPTION for a plan without one. */
  trialEndBehavior?: TrialEndBehavior | null | undefined;
  /** When it ends, after the start; when the plan's trial would if left out, so a plan without one requires it. */
  trialEndDate?: DateTime | null | undefined;
};

/**
 * Changes to a customer: absent fields keep their values, null fields are cleared. An empty string clears like null, for
 * clients that cannot send null.
 */
export type UpdateCustomerInput = {
  /** Merged into the stored data key by key: a key with null is deleted, other keys stay. Null clears all. */
  additionalMetaData?: Json | null | undefined;
  /** The customer's id at AWS Marketplace, 1 to 255 characters. */
  awsMarketplaceCustomerId?: string | null | undefined;
  /** The customer's id at the billing provider, 1 to 255 characters. */
  billingId?: string | null | undefined;
  /**
   * Passed on to the billing provider and never stored, so send all of it at each change. An absent or null field keeps
   * its value there; an address, the tax ids and invoiceCustomFields replace the values there as a whole.
   */
  billingInformation?: CustomerBillingInfo | null | undefined;
  /**
   * The refId of the coupon that replaces the customer's; null and an empty string remove it. Fails with CouponNotFound
   * for an unknown coupon, with ArchivedCouponCantBeApplied for an archived one.
   */
  couponRefId?: string | null | undefined;
  /** The customer's id in the product's CRM, 1 to 255 characters. */
  crmId?: string | null | undefined;
  /** The customer's id; it cannot be changed. */
  customerId?: string | null | undefined;
  /** Billing email address, at most 255 characters, none of them invisible or full-width; an empty string counts as null. */
  email?: string | null | undefined;
  /** Must be the API key's own environment when given. */
  environmentId?: string | null | undefined;
  /**
   * The version of the customer that the change is meant for. If the stored version differs, nothing is changed and the
   * error VersionMismatch has the stored one in `currentVersion`. Null or absent: any version.
   */
  ifVersion?: number | null | undefined;
  /** Full name, at most 255 characters without control characters; an empty string counts as null. */
  name?: string | null | undefined;
  /** The same as customerId; one of the two is required. */
  refId?: string | null | undefined;
  /** The customer's id at Salesforce, 1 to 255 characters. */
  salesforceId?: string | null | undefined;
  /**
   * Whether to wait for the sync with the billing provider, at most 10 seconds, before responding; syncStates has the
   * outcome.
   */
  shouldWaitSync?: boolean | null | undefined;
};

/** The reference point of a weekly period. */
export type WeeklyAccordingTo =
  /** Friday. */
  | 'EveryFriday'
  /** Monday. */
  | 'EveryMonday'
  /** Saturday. */
  | 'EverySaturday'
  /** Sunday. */
  | 'EverySunday'
  /** Thursday. */
  | 'EveryThursday'
  /** Tuesday. */
  | 'EveryTuesday'
  /** Wednesday. */
  | 'EveryWednesday'
  /** The start of the subscription. */
  | 'SubscriptionStart';

/** When a weekly period starts. */
export type WeeklyResetPeriodConfigInput = {
  /** The reference point. */
  accordingTo: WeeklyAccordingTo;
};

/** The reference point of a yearly period. */
export type YearlyAccordingTo =
  /** The start of the subscription. */
  | 'SubscriptionStart';

/** When a yearly period starts. */
export type YearlyResetPeriodConfigInput = {
  /** The reference point. */
  accordingTo: YearlyAccordingTo;
};

export type ProvisionCustomerMutationVariables = Exact<{
  input: ProvisionCustomerInput;
}>;


export type ProvisionCustomerMutation = { provisionCustomer: { customer: { customerId: string } } };

export type UpdateCustomerMutationVariables = Exact<{
  input: UpdateCustomerInput;
}>;


export type UpdateCustomerMutation = { updateOneCustomer: { name: string | null, email: string | null, version: number, additionalMetaData: Json | null } };

export type ArchiveCustomerMutationVariables = Exact<{
  input: ArchiveCustomerInput;
}>;


export type ArchiveCustomerMutation = { archiveCustomer: { customerId: string, deletedAt: DateTime | null } };

export type GetCustomerQueryVariables = Exact<{
  customerId: string;
}>;


export type GetCustomerQuery = { getCustomerByRefId: { name: string | null, email: string | null, version: number, createdAt: DateTime | null } | null };

export type ListCustomersQueryVariables = Exact<{
  paging: CursorPaging;
}>;


export type ListCustomersQuery = { customers: { edges: Array<{ node: { customerId: string } }>, pageInfo: { hasNextPage: boolean | null, endCursor: string | null } } };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}

export const ProvisionCustomerDocument = new TypedDocumentString(`
    mutation ProvisionCustomer($input: ProvisionCustomerInput!) {
  provisionCustomer(input: $input) {
    customer {
      customerId
    }
  }
}
    `, {"hash":"sha256:ee0a1326c7fcc66e867bd065f35b38aa0713c925faa1f25759be96600a19300b"}) as unknown as TypedDocumentString<ProvisionCustomerMutation, ProvisionCustomerMutationVariables>;
export const UpdateCustomerDocument = new TypedDocumentString(`
    mutation UpdateCustomer($input: UpdateCustomerInput!) {
  updateOneCustomer(input: $input) {
    name
    email
    version
    additionalMetaData
  }
}
    `, {"hash":"sha256:c202fb792541bd2d0871928134c85bc9b8886e22536bd79b730a584376c1d768"}) as unknown as TypedDocumentString<UpdateCustomerMutation, UpdateCustomerMutationVariables>;
export const ArchiveCustomerDocument = new TypedDocumentString(`
    mutation ArchiveCustomer($input: ArchiveCustomerInput!) {
  archiveCustomer(input: $input) {
    customerId
    deletedAt
  }
}
    `, {"hash":"sha256:aa418a5744bc1a0558b530a4a82c4402ac157c00344081626d411fcdcd572bae"}) as unknown as TypedDocumentString<ArchiveCustomerMutation, ArchiveCustomerMutationVariables>;
export const GetCustomerDocument = new TypedDocumentString(`
    query GetCustomer($customerId: String!) {
  getCustomerByRefId(input: {customerId: $customerId}) {
    name
    email
    version
    createdAt
  }
}
    `, {"hash":"sha256:89dfcabcdc9284f7316798efdc03937fd257d8d5029fe17b3859abf5cb6f0b39"}) as unknown as TypedDocumentString<GetCustomerQuery, GetCustomerQueryVariables>;
export const ListCustomersDocument = new TypedDocumentString(`
    query ListCustomers($paging: CursorPaging!) {
  customers(paging: $paging, sorting: [{field: customerId, direction: ASC}]) {
    edges {
      node {
        customerId
      }
    }
    pageInfo {
      hasNextPage
      endCursor
    }
  }
}
    `, {"hash":"sha256:9d472ce45dd04a94e1332f730ad89ed552045d7c7571656efbe566cf6ad4a8dc"}) as unknown as TypedDocumentString<ListCustomersQuery, ListCustomersQueryVariables>;